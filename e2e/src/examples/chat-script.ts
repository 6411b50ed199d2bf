import { connectRaw, type ProgramName, has, type RawClient, postText } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { type ExampleKind, startExample } from './example.ts';

const ofType = (type: string) => (message: Record<string, unknown>) => message['type'] === type;

const welcomed = async (client: RawClient): Promise<string> =>
  String((await client.next(ofType('welcome')))['name']);

/** What every example does, whatever its language. */
export const testChat = (interpreter: ProgramName, kind: ExampleKind): void => {
  describe.skipIf(!has(interpreter))(`examples/${interpreter}`, { timeout: 120_000 }, () => {
    test('greets who connects, and tells the others', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      expect(await welcomed(ada)).toMatch(/^Guest \d{4}$/);
      await using bob = await connectRaw(example.broker.url);
      const name = await welcomed(bob);
      expect(await ada.next((message) => message['name'] === name)).toEqual({ type: 'joined', name });
    });

    test('a message reaches everybody, with the name that the session holds', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      await welcomed(ada);
      await welcomed(bob);
      ada.send({ type: 'name', name: ' Ada Ünsal ' });
      ada.send({ type: 'say', text: '<b>hi</b> & "you" 👩‍👩‍👧' });
      expect(await bob.next(ofType('renamed'))).toMatchObject({ to: 'Ada Ünsal' });
      for (const client of [ada, bob]) {
        expect(await client.next(ofType('said'))).toEqual({
          type: 'said',
          name: 'Ada Ünsal',
          text: '<b>hi</b> & "you" 👩‍👩‍👧',
          at: expect.any(Number) as number,
        });
      }
    });

    test('lists who is here by a POST to the broker', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      const bobsName = await welcomed(bob);
      ada.send({ type: 'name', name: 'Ada' });
      await ada.next((message) => message['to'] === 'Ada');
      const { code, output } = await example.list();
      expect(code).toBe(0);
      expect(output.trim().split('\n').toSorted()).toEqual(['Ada', bobsName]);
    });

    test('closes the socket of who says bye, and tells the others', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      await welcomed(ada);
      const name = await welcomed(bob);
      bob.send({ type: 'bye' });
      expect(await bob.closed).toEqual({ code: 1000, reason: 'See you' });
      expect(await ada.next(ofType('left'))).toEqual({ type: 'left', name });
    });

    test('refuses what it cannot use, to the sender alone', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      await welcomed(ada);
      await welcomed(bob);
      const bad = [
        { type: 'say' },
        { type: 'say', text: 7 },
        { type: 'say', text: '  ' },
        { type: 'say', text: 'x'.repeat(501) },
        { type: 'name', name: 'A\u001b[31m' },
        { type: 'name', name: ['A'] },
        { type: 'unknown' },
      ];
      for (const message of bad) {
        ada.send(message);
        await ada.next(ofType('refused'));
      }
      ada.send({ type: 'say', text: 'é'.repeat(500) });
      await bob.next(ofType('said'));
      expect(ada.received.filter(ofType('said'))).toHaveLength(1);
      expect(bob.received.filter(ofType('refused'))).toEqual([]);
      expect(bob.received.filter(ofType('renamed'))).toEqual([]);
    });

    test('killed and started again: the sockets stay, and what was said meanwhile arrives in order', async () => {
      await using example = await startExample(kind);
      await using ada = await connectRaw(example.broker.url);
      await using bob = await connectRaw(example.broker.url);
      const name = await welcomed(ada);
      await welcomed(bob);
      await example.killBackend();
      for (const n of [1, 2, 3]) ada.send({ type: 'say', text: `line ${n}` });
      // The broker has met the outage once it says so.
      await example.broker.process.outputMatching(/backend fails; events wait/);
      expect(bob.received.filter(ofType('said'))).toEqual([]);
      await example.startBackend();
      for (const n of [1, 2, 3]) {
        expect(await bob.next(ofType('said'))).toMatchObject({ name, text: `line ${n}` });
      }
      expect([ada.isOpen, bob.isOpen]).toEqual([true, true]);
    });

    test('answers 400 to a POST that is no event', async () => {
      await using example = await startExample(kind);
      const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      for (const body of [
        '',
        'message=1&connection=2',
        'message[]=1&connection={}',
        'message=%7B&connection=%7B%7D',
      ]) {
        const { status } = await postText(example.backendEventsUrl, body, form);
        expect([status, body]).toEqual([400, body]);
      }
    });
  });
};
