import { check, faultsIn, History } from '@wsbroker/testkit';
import { type Backend, startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atMost, exactly, type Figure, info, ofPart, timing } from '../figure.ts';
import { startLoad } from '../load.ts';
import { addRecord } from '../record.ts';
import { type Progress, scenario } from '../scenario.ts';
import { until } from '../until.ts';

interface Part {
  /** Of each flooder. */
  readonly messages: number;
  readonly talkMs: number;
}

interface Scale {
  readonly flooders: number;
  /** A backend that takes its time: what a flooder sends waits in the queue of its connection. */
  readonly slow: Part;
  /** One that does not: the message rate is what holds a flooder. */
  readonly fast: Part;
}

interface Flood extends Part {
  readonly flooders: number;
  readonly backendDelayMs: number;
}

const slowDelayMs = 20;
const padBytes = 200;

export const messageFlood = scenario<Scale>({
  name: 'message-flood',
  title: 'clients that send as fast as they can',
  full: {
    flooders: 20,
    slow: { messages: 1_500, talkMs: 20_000 },
    fast: { messages: 3_000, talkMs: 10_000 },
  },
  short: {
    flooders: 8,
    slow: { messages: 300, talkMs: 1_000 },
    fast: { messages: 500, talkMs: 1_000 },
  },
  async run({ flooders, slow, fast }, progress): Promise<Figure[]> {
    const held = await flooded({ flooders, ...slow, backendDelayMs: slowDelayMs }, progress);
    const rated = await flooded({ flooders, ...fast, backendDelayMs: 0 }, progress);
    return [
      ...ofPart(`a backend that takes ${slowDelayMs} ms for each event`, [
        timing(atMost('p99 of the others, times that beside', held.ratio, 2)),
        ...held.figures,
      ]),
      // There the processors of a small machine are what is short, and every process on it waits for them.
      ...ofPart('a backend that answers at once', [
        info('p99 of the others, times that beside', rated.ratio),
        ...rated.figures,
      ]),
    ];
  },
});

const flooded = async (
  { flooders, messages, talkMs, backendDelayMs }: Flood,
  progress: Progress,
): Promise<{ ratio: number; figures: Figure[] }> => {
  await using backend = await startBackend(backendDelayMs);
  await using broker = await startBroker({ backendUrl: backend.url });
  await using others = await joinBystanders({ url: broker.url, backend });
  // A broker that nobody floods: the processes that make the load and take it slow both alike.
  await using quietBroker = await startBroker({ backendUrl: backend.url });
  await using quiet = await joinBystanders({ url: quietBroker.url, backend });
  await Promise.all([others.talkBefore(talkMs), quiet.talkBefore(talkMs)]);
  const clients = Array.from({ length: flooders }, (_, n) => `f${n}`);
  const { posts: postsBefore } = await backend.facts();
  await using load = await startLoad('flood', { port: broker.port, clients, messages, padBytes });
  const startMs = performance.now();
  const total = flooders * messages;
  progress(`${flooders} clients send ${messages} messages each`);
  await Promise.all([others.talkDuring(talkMs), quiet.talkDuring(talkMs)]);
  const { posts } = await backend.facts();
  const perSecond = ((posts - postsBefore) / (performance.now() - startMs)) * 1_000;
  progress('the rest of them is read');
  await until(() => notesIn(backend) >= total, 120_000, 500);
  const faults = faultsIn(check(historyOf(backend, clients, messages)));
  const figures = [
    info('p99 beside, at a broker that nobody floods', `${quiet.p99DuringMs.toFixed(1)} ms`),
    info('clients that flood', flooders),
    info('messages of theirs', total),
    info('events a second at the backend, those of the others too', perSecond),
    exactly('of the flooders closed', load.count('closed'), 0),
    {
      ...exactly('of their messages lost, repeated, reordered or phantom', faults.length, 0),
      ...(faults.length > 0 ? { value: `${faults.length} (${faults.slice(0, 3).join('; ')})` } : {}),
    },
    exactly('crashes', broker.crashes, 0),
    ...(await others.figures()),
  ];
  return { ratio: others.p99DuringMs / quiet.p99DuringMs, figures };
};

const notesIn = (backend: Backend): number =>
  backend.posts().filter(({ type, attempt }) => type === 'client-note' && attempt === 1).length;

/** All that each of them sent is to arrive: nothing told them otherwise. */
const historyOf = (backend: Backend, clients: readonly string[], messages: number): History => {
  const history = new History();
  const posts = backend.posts();
  for (const { type, client, connection } of posts) {
    if (type === 'client-join' && clients.includes(client)) history.opened(client, connection);
  }
  const theirs = posts.filter(({ type }) => type === 'client-note');
  addRecord(history, theirs);
  for (const client of clients) {
    for (let n = 1; n <= messages; n += 1) {
      history.sent.push({ client, n });
      history.acknowledged.push({ client, n });
    }
  }
  return history;
};
