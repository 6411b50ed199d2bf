import { DatabaseSync } from 'node:sqlite';
import { batchBody, JsonText } from '@wsbroker/protocol';
import { connectRaw, has, postText } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { phpExample, type RunningExample, startExample } from './example.ts';

interface Event {
  readonly id: string;
  readonly message: object;
  readonly request?: number;
}

const connection = { ip: '127.0.0.1', wskey: 'k1', name: 'Ada', room: 'lobby' };

/** Posts several events as the broker does; gives the status, the answers, and how many may come at once. */
const postBatch = async (example: RunningExample, events: readonly Event[]) => {
  const { contentType, text } = batchBody(
    'form',
    events.map(({ message, ...facts }) => ({
      attempt: 1,
      messageJson: JSON.stringify(message),
      connection: new JsonText(JSON.stringify(connection)),
      ...facts,
    })),
  );
  const { status, body, headers } = await postText(example.backendEventsUrl, text, {
    headers: {
      'content-type': contentType,
      'webhook-id': 'batch-x-1',
      'wsbroker-batch': String(events.length),
    },
  });
  return { status, body, max: headers['wsbroker-batch'] };
};

const say = (id: string, text: string): Event => ({ id, message: { type: 'client-say', text } });
const history = (id: string): Event => ({ id, message: { type: 'client-history' }, request: 0 });
const saidCommand = (text: string) => [
  { type: 'send', match: { room: 'lobby' }, message: { type: 'said', text } },
];

describe.skipIf(!has('php'))('several events in one POST to examples/php', { timeout: 120_000 }, () => {
  test('P136, P138: each gets its answer, in order, and one that comes again the same', async () => {
    await using example = await startExample(phpExample);
    const events = [
      say('k1-1', 'grüß dich 👋 & + %20'),
      history('k2-1'),
      say('k3-1', ''),
      say('k4-1', 'two'),
    ];
    const first = await postBatch(example, events);
    expect(first).toMatchObject({
      status: 200,
      max: '50',
      body: [
        saidCommand('grüß dich 👋 & + %20'),
        [{ type: 'reply', message: { lines: [{ text: 'grüß dich 👋 & + %20' }] } }],
        [{ type: 'send', message: { type: 'refused' } }],
        saidCommand('two'),
      ],
    });
    const again = await postBatch(example, [...events.toReversed(), history('k5-1')]);
    const answers = again.body as unknown[];
    expect(answers.slice(0, 4)).toEqual((first.body as unknown[]).toReversed());
    expect(answers[4]).toMatchObject([{ message: { lines: [{ name: 'Ada' }, { text: 'two' }] } }]);
  });

  test('P138: one that fails is answered null, and the others are done', async () => {
    await using example = await startExample(phpExample);
    expect((await postBatch(example, [history('k1-1')])).status).toBe(200);
    using database = new DatabaseSync(example.database);
    database.exec('DROP TABLE lines; CREATE TABLE lines (name TEXT)');
    const bye: Event = { id: 'k3-1', message: { type: 'client-bye' } };
    const { status, body } = await postBatch(example, [say('k2-1', 'lost?'), bye]);
    expect({ status, body }).toMatchObject({ status: 200, body: [null, [{ type: 'close' }]] });
    database.exec('DROP TABLE lines');
    expect((await postBatch(example, [say('k2-1', 'lost?')])).body).toMatchObject([saidCommand('lost?')]);
  });

  test('behind a broker: what many say at once reaches everybody, in the order of each', async () => {
    await using example = await startExample(phpExample);
    const clients = await Promise.all(Array.from({ length: 12 }, () => connectRaw(example.broker.url)));
    for (const client of clients) await client.next(({ type }) => type === 'welcome');
    // While the backend is away all of it waits, and then comes together.
    await example.killBackend();
    for (const [c, client] of clients.entries()) {
      for (const n of [1, 2, 3]) client.send({ type: 'say', text: `${c} ${n}` });
    }
    await example.startBackend();
    for (const client of clients) {
      const texts: string[] = [];
      while (texts.length < 36)
        texts.push(String((await client.next(({ type }) => type === 'said'))['text']));
      for (const c of clients.keys()) {
        expect(texts.filter((text) => text.startsWith(`${c} `))).toEqual([1, 2, 3].map((n) => `${c} ${n}`));
      }
    }
    for (const client of clients) await client.close();
  });
});
