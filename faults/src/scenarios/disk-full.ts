import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { type Backend, startBackend } from '../backend.ts';
import { type BrokerProcess, startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atLeast, exactly, type Figure, info } from '../figure.ts';
import { hasProgram } from '../program.ts';
import { addRecord } from '../record.ts';
import { scenario } from '../scenario.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly messagesEach: number;
  readonly messageBytes: number;
}

const mebi = 2 ** 20;

export const diskFull = scenario<Scale>({
  name: 'disk-full',
  title: 'the journal has no room left: its own bound, then a real error of the file system',
  full: { clients: 50, messagesEach: 20, messageBytes: 10_000 },
  short: { clients: 20, messagesEach: 20, messageBytes: 10_000 },
  async run(scale, progress): Promise<Figure[]> {
    const figures = await fill(scale, { maxJournalBytes: 2 * mebi }, progress);
    if (!hasProgram('prlimit')) return [...figures, info('file size limit', 'left out: no prlimit here')];
    return [
      ...figures.map((figure) => ({ ...figure, name: `bound of the journal: ${figure.name}` })),
      ...(await fill(scale, {}, progress)).map((figure) => ({
        ...figure,
        name: `limit of the system: ${figure.name}`,
      })),
    ];
  },
});

const fill = async (
  { clients, messagesEach, messageBytes }: Scale,
  options: { maxJournalBytes?: number },
  progress: (text: string) => void,
): Promise<Figure[]> => {
  await using backend = await startBackend();
  await using broker = await startBroker({ backendUrl: backend.url, options, hasJournal: true });
  const history = new History();
  await using crowd = new Crowd({ url: broker.url, history, count: clients });
  await crowd.join();
  await backend.kill();
  const isLimited = options.maxJournalBytes === undefined;
  if (isLimited) limitFiles(broker, String(2 * mebi));
  progress('more than there is room for');
  const filler = 'x'.repeat(messageBytes);
  for (const client of crowd.clients) {
    for (let n = 0; n < messagesEach; n += 1) client.say('note', { filler });
  }
  await stable(() => history.acknowledged.length);
  const acknowledged = history.acknowledged.length;
  const wasUp = broker.isRunning;

  const isBack = isLimited
    ? await roomAgain(broker, backend, crowd)
    : await killedWhileFull(broker, backend, crowd, progress);
  addRecord(history, backend.posts());
  return [
    info('messages', history.sent.length),
    info('acknowledged when it was full', acknowledged),
    atLeast('not acknowledged when it was full', history.sent.length - acknowledged, 1),
    exactly('crashes when it was full', wasUp ? 0 : 1, 0),
    exactly('not delivered after there was room', isBack ? 0 : crowd.unsettled, 0),
    ...verdict(history, ['unpaired']),
  ];
};

/** A false acknowledgement would show now: the messages that it is about would be nowhere. */
const killedWhileFull = async (
  broker: BrokerProcess,
  backend: Backend,
  crowd: Crowd,
  progress: (text: string) => void,
): Promise<boolean> => {
  progress('killed and started while it is full');
  await broker.kill();
  await broker.start();
  await backend.start();
  return crowd.settled(60_000);
};

const roomAgain = async (broker: BrokerProcess, backend: Backend, crowd: Crowd): Promise<boolean> => {
  await backend.start();
  limitFiles(broker, 'unlimited');
  return crowd.settled(60_000);
};

const limitFiles = (broker: BrokerProcess, bytes: string): void => {
  execFileSync('prlimit', ['--pid', String(broker.pid), `--fsize=${bytes}:unlimited`]);
};

/** Resolves once a number has not changed for a second. */
const stable = async (read: () => number): Promise<void> => {
  for (let last = -1; last !== read();) {
    last = read();
    await delay(1_000);
  }
};
