import { readSecret, sign } from '@wsbroker/protocol/signature';
import { connectRaw, type ProgramName, has, postText } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { type ExampleKind, type RunningExample, startExample } from './example.ts';

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const [secret, newSecret, wrongSecret] = [secretOf('a'), secretOf('b'), secretOf('c')];

const ofType = (type: string) => (message: Record<string, unknown>) => message['type'] === type;

interface SignedEvent {
  readonly body: string;
  readonly headers: Record<string, string>;
}

const eventOf = (message: object): string =>
  new URLSearchParams({
    message: JSON.stringify(message),
    connection: JSON.stringify({ ip: '127.0.0.1', wskey: 'k1', name: 'Mallory', room: 'lobby' }),
  }).toString();

const said = eventOf({ type: 'client-say', text: 'grüß dich 👋 & + %20' });

const signedEvent = ({
  body = said,
  id = 'k1-1',
  secrets = [secret],
  secondsAhead = 0,
}: {
  body?: string;
  id?: string;
  secrets?: readonly string[];
  secondsAhead?: number;
} = {}): SignedEvent => {
  const timestampSeconds = Math.floor(Date.now() / 1_000) + secondsAhead;
  return {
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': sign(secrets.map(readSecret), { id, timestampSeconds, body }),
    },
  };
};

const withHeader = (name: string, change: (value: string) => string): SignedEvent => {
  const { body, headers } = signedEvent();
  return { body, headers: { ...headers, [name]: change(headers[name] ?? '') } };
};

const forgeries: readonly (readonly [string, () => SignedEvent])[] = [
  ['unsigned', () => withHeader('webhook-signature', () => '')],
  ['without an id', () => withHeader('webhook-id', () => '')],
  ['without a timestamp', () => withHeader('webhook-timestamp', () => '')],
  ['stale', () => signedEvent({ secondsAhead: -350 })],
  ['of the future', () => signedEvent({ secondsAhead: 350 })],
  ['signed with another secret', () => signedEvent({ secrets: [wrongSecret] })],
  ['given other words', () => ({ ...signedEvent(), body: said.replace('dich', 'euch') })],
  ['cut short', () => ({ ...signedEvent(), body: said.slice(0, -1) })],
  ['emptied', () => ({ ...signedEvent(), body: '' })],
  ['given another id', () => withHeader('webhook-id', (id) => `${id}1`)],
  ['given an id with a dot', () => withHeader('webhook-id', () => 'k1.1')],
  ['given another time', () => withHeader('webhook-timestamp', (time) => String(Number(time) + 1))],
  ['given a time that is none', () => withHeader('webhook-timestamp', (time) => `+${time}`)],
  ['given a signature cut short', () => withHeader('webhook-signature', (text) => text.slice(0, -2))],
  [
    'given a signature of another version',
    () => withHeader('webhook-signature', (text) => `v2${text.slice(2)}`),
  ],
  ['given letters that are no ASCII', () => withHeader('webhook-signature', (text) => `${text}\u00e4`)],
];

const post = (example: RunningExample, { body, headers }: SignedEvent) =>
  postText(example.backendEventsUrl, body, { headers });

const linesOf = async (example: RunningExample, id: string): Promise<unknown> => {
  const { body, headers } = signedEvent({ id, body: eventOf({ type: 'client-history' }) });
  const answer = await post(example, { body, headers: { ...headers, 'wsbroker-request': '1' } });
  return (answer.body as [{ message: { lines: unknown } }])[0].message.lines;
};

/** What every example does with a secret, whatever its language. */
export const testSignatures = (interpreter: ProgramName, kind: ExampleKind): void => {
  describe.skipIf(!has(interpreter))(`examples/${interpreter} with a secret`, { timeout: 120_000 }, () => {
    test('its events are verified and its commands taken: the chat goes on as without', async () => {
      await using example = await startExample(kind, { secret });
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      await ada.next(ofType('welcome'));
      await bob.next(ofType('welcome'));
      ada.send({ type: 'name', name: 'Ada Ünsal' });
      ada.send({ type: 'say', text: '<b>hi</b> & "you" 👩‍👩‍👧 +%20' });
      const line = { name: 'Ada Ünsal', text: '<b>hi</b> & "you" 👩‍👩‍👧 +%20' };
      expect(await bob.next(ofType('said'))).toMatchObject(line);
      expect(await example.list()).toMatchObject({
        code: 0,
        output: expect.stringContaining('Ada Ünsal') as string,
      });
    });

    test('takes events and sends commands with either of two, while one takes over from the other', async () => {
      await using example = await startExample(kind, { secret, exampleSecret: `${newSecret},${secret}` });
      await using ada = await connectRaw(example.broker.url);
      await ada.next(ofType('welcome'));
      expect(await example.list()).toMatchObject({ code: 0 });
      expect(await example.list(secret)).toMatchObject({ code: 0 });
      for (const secrets of [[newSecret], [newSecret, secret]]) {
        expect(await post(example, signedEvent({ secrets }))).toMatchObject({ status: 200 });
      }
    });

    test('answers 401 to events that are not signed rightly, and does nothing', async () => {
      await using example = await startExample(kind, { secret });
      for (const [how, forged] of forgeries) {
        const { status, body } = await post(example, forged());
        expect([how, status]).toEqual([how, 401]);
        expect(JSON.stringify(body)).not.toContain(secret);
      }
      expect(await linesOf(example, 'k1-2')).toEqual([]);
      // None of them has used the id up.
      expect(await post(example, signedEvent())).toMatchObject({ status: 200, body: [{ type: 'send' }] });
      expect(await linesOf(example, 'k1-3')).toMatchObject([{ text: 'grüß dich 👋 & + %20' }]);
    });

    test('with a secret that is not the broker’s, no event has an effect and no command is taken', async () => {
      await using example = await startExample(kind, { secret, exampleSecret: wrongSecret });
      await using ada = await connectRaw(example.broker.url);
      ada.send({ type: 'say', text: 'hello' });
      await example.broker.process.outputMatching(/401/);
      expect(ada.received).toEqual([]);
      expect(await example.list()).toMatchObject({
        code: 1,
        output: expect.stringMatching(/webhook-signature is not of this body/) as string,
      });
    });

    test('without a secret its commands are refused by a broker that has one, with the reason', async () => {
      await using example = await startExample(kind, { secret });
      await using ada = await connectRaw(example.broker.url);
      await ada.next(ofType('welcome'));
      expect(await example.list('')).toMatchObject({
        code: 1,
        output: expect.stringMatching(/It is not signed/) as string,
      });
    });

    test('says that a secret is not usable, and does not show it', async () => {
      await using example = await startExample(kind);
      for (const bad of ['sesame-open', 'whsec_c2VzYW1l', 'whsec_***sesame***', `${secret},sesame`]) {
        const { code, output } = await example.list(bad);
        expect(code).toBe(1);
        expect(output).toContain('WSBROKER_SECRET is not usable');
        expect(output).not.toMatch(/sesame|c2VzYW1l/);
      }
    });
  });
};
