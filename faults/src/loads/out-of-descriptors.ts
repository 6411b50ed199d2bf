import { has } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atLeast, exactly, type Figure, info, ofPart } from '../figure.ts';
import { HandshakeProbe } from '../handshake-probe.ts';
import { startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';

interface Scale {
  readonly clients: number;
  readonly talkMs: number;
}

const descriptors = 256;
const answerTimeoutMs = 30_000;

export const outOfDescriptors = scenario<Scale>({
  name: 'out-of-descriptors',
  title: `more clients than the ${descriptors} descriptors of the process allow`,
  full: { clients: 1_000, talkMs: 10_000 },
  short: { clients: 400, talkMs: 1_000 },
  async run(scale, progress): Promise<Figure[]> {
    if (!has('prlimit')) return [info('not run', 'prlimit is missing')];
    progress('the cap that the broker takes from its limit');
    const derived = await exceed(scale, {});
    progress('a cap above the limit, so that the system itself refuses');
    const beyond = await exceed(scale, { maxConnections: 10_000, maxPendingSockets: 1_000 });
    return [...ofPart('the cap that follows from them', derived), ...ofPart('a cap above them', beyond)];
  },
});

const exceed = async ({ clients, talkMs }: Scale, options: object): Promise<Figure[]> => {
  await using backend = await startBackend();
  await using broker = await startBroker({
    backendUrl: backend.url,
    options: { ...options },
    under: () => ['prlimit', `--nofile=${descriptors}`],
  });
  await using others = await joinBystanders({ url: broker.url, backend, count: 20 });
  await others.talkBefore(talkMs);
  const names = Array.from({ length: clients }, (_, n) => `s${n}`);
  await using load = await startLoad('stay', { port: broker.port, clients: names, isPersistent: false });
  // Those that are neither taken nor refused yet wait in the kernel's queue.
  await Promise.all([others.talkDuring(talkMs), load.until((count) => count('done') === 1, answerTimeoutMs)]);
  const { open = 0, closed = 0, cut = 0, 'refused 503': refusedWith503 = 0 } = load.facts;
  const waiting = clients - open - closed - cut - refusedWith503;
  await load.stop();
  const probe = new HandshakeProbe({ port: broker.port });
  const isBack = await until(() => probe.once(), 10_000, 100);
  await others.talkDuring(talkMs / 2);
  return [
    info('clients that come', clients),
    atLeast('of these taken', open, 20),
    info('refused with 503', refusedWith503),
    info('cut', cut),
    info('neither: they wait in the queue of the system', waiting),
    exactly('taken and closed again', closed, 0),
    exactly('a new one gets in when they have left', isBack ? 1 : 0, 1),
    exactly('crashes', broker.crashes, 0),
    ...(await others.figures()),
  ];
};
