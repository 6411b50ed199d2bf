import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectV1, type V1Client } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { isCommit, judgeCommits, type Mark } from '../commit-judge.ts';
import { exactly, type Figure, info } from '../figure.ts';
import { hasProgram, mayTrace } from '../program.ts';
import { scenario } from '../scenario.ts';
import { readTrace } from '../trace.ts';

interface Scale {
  readonly oneByOne: number;
  readonly clients: number;
  readonly each: number;
}

const traced = 'trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg';

export const commitOrder = scenario<Scale>({
  name: 'commit-order',
  title: 'the order of system calls: the journal is on the disk before a message is acknowledged',
  full: { oneByOne: 200, clients: 20, each: 50 },
  short: { oneByOne: 10, clients: 4, each: 5 },
  async run({ oneByOne, clients, each }, progress): Promise<Figure[]> {
    if (!hasProgram('strace')) return [info('left out', 'no strace here: apt-get install strace')];
    if (!mayTrace()) return [info('left out', 'strace may not trace here: ptrace is not permitted')];
    await using backend = await startBackend();
    const traceFile = (folder: string): string => join(folder, 'trace');
    await using broker = await startBroker({
      backendUrl: backend.url,
      hasJournal: true,
      under: (folder) => ['strace', '-f', '-y', '-s', '16384', '-e', traced, '-o', traceFile(folder)],
    });
    const marks: Mark[] = [];
    const say = (client: V1Client): number => {
      const text = `mark-${marks.length}-`;
      const n = client.send({ type: 'note', text });
      marks.push({ connection: client.opened.connection, n, text });
      return n;
    };
    progress('one message after the other');
    const opened: V1Client[] = [];
    try {
      const first = await connectV1(broker.url);
      opened.push(first);
      for (let n = 0; n < oneByOne; n += 1) await first.ackedUpTo(say(first));
      progress('many at once');
      while (opened.length <= clients) opened.push(await connectV1(broker.url));
      for (let round = 0; round < each; round += 1) for (const client of opened.slice(1)) say(client);
      await Promise.all(opened.map((client) => client.ackedUpTo(client.sent)));
    } finally {
      await Promise.all(opened.map((client) => client.terminate()));
    }
    await broker.terminate();
    const calls = readTrace(readFileSync(traceFile(broker.folder), 'latin1'));
    const { early, never } = judgeCommits(calls, marks);
    return [
      info('messages', marks.length),
      info('commits (fsync or fdatasync of the journal)', calls.filter(isCommit).length),
      exactly('acknowledged before their commit', early, 0),
      exactly('not found in the trace', never, 0),
    ];
  },
});
