import { spawnProcess } from '@wsbroker/testkit';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { post, type PostAnswer } from '../test/post-event.ts';
import { TemporaryFolder } from '../test/temporary-folder.ts';

const program = fileURLToPath(new URL('../test/counting-backend.ts', import.meta.url));
type Moment = 'before' | 'after' | 'answering' | undefined;

const startBackend = async (file: string, store: string) => {
  const backend = await spawnProcess(process.execPath, ['--no-warnings', program, file, store], {
    readyWhen: /listening on \d+/,
  });
  const port = /listening on (\d+)/.exec(backend.output)?.[1];
  return { backend, url: `http://127.0.0.1:${port}/` };
};

/** What a broker does: tries until there is an answer, with a backend that is started again whenever it has died. */
const deliver = async (file: string, store: string, moments: readonly Moment[]): Promise<PostAnswer[]> => {
  let running = await startBackend(file, store);
  const answers: PostAnswer[] = [];
  for (const [at, die] of moments.entries()) {
    const attempt = async (dying: Moment): Promise<PostAnswer | undefined> => {
      const message = { type: 'client-count', ...(dying !== undefined && { die: dying }) };
      try {
        return await post(running.url, JSON.stringify({ message, connection: { wskey: 'k1' } }), {
          'content-type': 'application/json',
          'webhook-id': `k1-${at}`,
          ...(dying !== undefined && { 'x-die': dying }),
        });
      } catch {
        await running.backend.exited;
        return undefined;
      }
    };
    let answer = await attempt(die);
    while (answer === undefined) {
      running = await startBackend(file, store);
      answer = await attempt(undefined);
    }
    answers.push(answer);
  }
  await running.backend.stop('SIGKILL');
  return answers;
};

const effectsIn = (file: string): Readonly<Record<string, unknown>> => {
  using database = new DatabaseSync(file);
  const rows = database.prepare('select id, count(*) as count from effects group by id').all();
  return Object.fromEntries(rows.map(({ id, count }) => [id, count]));
};

const moments: Moment[] = [undefined, 'before', 'after', 'answering', undefined];

test(
  'sqliteTransactions: a process killed at any moment, each effect exactly once',
  { timeout: 120_000 },
  async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('app.sqlite');
    const answers = await deliver(file, 'transactions', moments);
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      moments.map((_moment, at) => [200, [{ type: 'log', text: `handled k1-${at}` }]]),
    );
    expect(effectsIn(file)).toEqual({ 'k1-0': 1, 'k1-1': 1, 'k1-2': 1, 'k1-3': 1, 'k1-4': 1 });
  },
);

test(
  'sqliteStore: only a process killed between the effect and its own commit leaves one that comes twice',
  { timeout: 120_000 },
  async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('app.sqlite');
    const answers = await deliver(file, 'store', moments);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(effectsIn(file)).toEqual({ 'k1-0': 1, 'k1-1': 1, 'k1-2': 2, 'k1-3': 1, 'k1-4': 1 });
  },
);
