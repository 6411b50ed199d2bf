/**
 * A backend of its own process, to be killed: it counts what it has handled for each id, and now and then it dies in
 * the middle. Arguments: the file of its database, and whether the count commits together with the id.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { createBackend } from '../src/backend.ts';
import { sqliteStore } from '../src/sqlite-store.ts';
import { sqliteTransactions } from '../src/sqlite-transactions.ts';

const [file = '', store = ''] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec('pragma journal_mode = wal; create table if not exists effects (id text)');
const insert = database.prepare('insert into effects values (?)');

const dieAt = (moment: string, wanted: unknown): void => {
  if (moment === wanted) process.kill(process.pid, 'SIGKILL');
};

const backend = createBackend(
  {},
  {
    dedupe:
      store === 'transactions'
        ? sqliteTransactions(database)
        : sqliteStore(`${file}-events`, { claimMs: 300 }),
    messages: {
      async count(ctx, { die }) {
        dieAt('before', die);
        insert.run(ctx.event.id ?? '');
        await new Promise(setImmediate);
        dieAt('after', die);
        return ctx.log(`handled ${ctx.event.id}`);
      },
    },
  },
);
const server = createServer((request, response) => {
  const die = request.headers['x-die'];
  // The answer is ready, and never leaves.
  if (die === 'answering') response.writeHead = () => process.kill(process.pid, 'SIGKILL') as never;
  backend.nodeHandler(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
