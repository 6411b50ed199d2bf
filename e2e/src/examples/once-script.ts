import { type ProgramName, has, postText } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { type ExampleKind, type RunningExample, startExample } from './example.ts';

interface PostedEvent {
  readonly id: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts an event as the broker does; gives the status and the commands. */
const post = async (
  example: RunningExample,
  { id, message, headers = {} }: PostedEvent,
): Promise<{ status: number; commands: unknown }> => {
  const connection = { ip: '127.0.0.1', wskey: 'k1', name: 'Ada', room: 'lobby' };
  const form = { message: JSON.stringify(message), connection: JSON.stringify(connection) };
  const { status, body } = await postText(example.backendEventsUrl, new URLSearchParams(form).toString(), {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'webhook-id': id, ...headers },
  });
  return { status, commands: body };
};

const linesOf = async (example: RunningExample, id: string): Promise<unknown> => {
  const { commands } = await post(example, {
    id,
    message: { type: 'client-history' },
    headers: { 'wsbroker-request': '1' },
  });
  return (commands as [{ message: { lines: unknown } }])[0].message.lines;
};

/** What every example does with events that come again, and with requests. */
export const testOnce = (interpreter: ProgramName, kind: ExampleKind): void => {
  describe.skipIf(!has(interpreter))(`events of examples/${interpreter}`, { timeout: 120_000 }, () => {
    test('one that comes again has its effect once, and gets the commands of the first time', async () => {
      await using example = await startExample(kind);
      const connect = { id: 'k1-1', message: { type: 'session-connect' } };
      const welcomed = await post(example, connect);
      expect(welcomed).toMatchObject({ status: 200, commands: [{ type: 'session' }, {}, {}] });
      // The name in it was drawn by lot.
      expect(await post(example, connect)).toEqual(welcomed);

      const say = { id: 'k1-2', message: { type: 'client-say', text: 'grüß dich 👋' } };
      const said = await post(example, say);
      expect(said).toMatchObject({ status: 200, commands: [{ type: 'send' }] });
      await example.killBackend();
      await example.startBackend();
      for (const answer of await Promise.all([post(example, say), post(example, say), post(example, say)])) {
        expect(answer).toEqual(said);
      }
      // Attempts that run at the same time: one of them handles it, the others wait.
      for (const id of ['k1-3', 'k1-4', 'k1-5']) {
        const attempts = Array.from({ length: 8 }, () => post(example, { ...say, id }));
        for (const { status } of await Promise.all(attempts)) expect(status).toBe(200);
      }
      const line = { name: 'Ada', text: 'grüß dich 👋', at: expect.any(Number) as number };
      expect(await linesOf(example, 'k1-6')).toEqual([line, line, line, line]);
    });

    test('a request is answered with a reply, and the same one as a message is refused', async () => {
      await using example = await startExample(kind);
      const history = { type: 'client-history' };
      const request = { 'wsbroker-request': '0' };
      expect(await post(example, { id: 'k1-1', message: history, headers: request })).toEqual({
        status: 200,
        commands: [{ type: 'reply', message: { lines: [] } }],
      });
      expect(await post(example, { id: 'k1-2', message: history })).toMatchObject({
        status: 200,
        commands: [{ type: 'send', message: { type: 'refused' } }],
      });
    });

    test('one that cannot be handled is answered 500, and handled when it comes again', async () => {
      await using example = await startExample(kind);
      const say = { id: 'k1-1', message: { type: 'client-say', text: 'hello' } };
      await example.breakDatabase();
      expect((await post(example, say)).status).toBe(500);
      await example.mendDatabase();
      expect((await post(example, say)).status).toBe(200);
      expect(await linesOf(example, 'k1-2')).toMatchObject([{ text: 'hello' }]);
    });
  });
};
