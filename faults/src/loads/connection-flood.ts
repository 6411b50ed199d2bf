import { postCommands } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { type BrokerProcess, startBroker } from '../broker.ts';
import { type Bystanders, joinBystanders } from '../bystanders.ts';
import { atLeast, atMost, exactly, type Figure, info, ofPart } from '../figure.ts';
import { HandshakeProbe } from '../handshake-probe.ts';
import { startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';

interface Scale {
  readonly durationMs: number;
}

const atOnce = 20;
const others = 50;
const floodTimeoutMs = 60_000;
/** What is held of one address, and of all together in the second part. */
const maxConnectionsPerAddress = 100;
const maxConnections = 300;
/** The defaults of the broker: what one address gets. */
const burstPerAddress = 200;
const perSecondPerAddress = 20;

const addresses = (count: number) => Array.from({ length: count }, (_, n) => `198.51.100.${n + 1}`);
const honest = '203.0.113.7';

export const connectionFlood = scenario<Scale>({
  name: 'connection-flood',
  title: 'handshakes as fast as possible, from one address and from many',
  full: { durationMs: 10_000 },
  short: { durationMs: 1_000 },
  async run({ durationMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const figures: Figure[] = [];
    {
      await using broker = await startBroker({
        backendUrl: backend.url,
        options: { maxConnectionsPerAddress },
      });
      await using crowd = await joinBystanders({ url: broker.url, backend, count: others });
      await crowd.talkBefore(durationMs);
      const floods = [
        { name: 'one address that stays', count: 1, isKept: true },
        { name: 'one address, gone at once', count: 1, isKept: false },
        { name: '30 addresses, gone at once', count: 30, isKept: false, leastRefused: 0 },
      ];
      for (const { name, ...flood } of floods) {
        progress(name);
        const probe = new HandshakeProbe({ port: broker.port, address: honest });
        const came = await flooded({ broker, crowd, probe, durationMs, ...flood });
        figures.push(...ofPart(name, [...came, ...probe.figures]));
      }
      figures.push(
        ...ofPart('caps for each address', [
          exactly('crashes', broker.crashes, 0),
          ...(await crowd.figures()),
        ]),
      );
    }
    await using broker = await startBroker({ backendUrl: backend.url, options: { maxConnections } });
    await using crowd = await joinBystanders({ url: broker.url, backend, count: others });
    await crowd.talkBefore(durationMs);
    progress('more than there is room for');
    const probe = new HandshakeProbe({ port: broker.port, address: honest });
    const came = await flooded({
      broker,
      crowd,
      durationMs,
      count: 20,
      isKept: true,
      mostOpen: maxConnections - others,
    });
    // A place is free again as soon as somebody has left.
    await probe.run(durationMs / 2);
    return [
      ...figures,
      ...ofPart('20 addresses that stay, past the cap in all', came),
      ...ofPart('when they have left', probe.figures),
      ...ofPart('cap in all', [exactly('crashes', broker.crashes, 0), ...(await crowd.figures())]),
    ];
  },
});

interface Flood {
  /** Of addresses. */
  readonly count: number;
  /** Whether what is taken stays, or leaves at once. */
  readonly isKept: boolean;
  /** Short of their bursts, many addresses are not refused at all. @default 1 */
  readonly leastRefused?: number;
  readonly broker: BrokerProcess;
  readonly crowd: Bystanders;
  readonly probe?: HandshakeProbe;
  readonly durationMs: number;
  readonly mostOpen?: number;
}

const flooded = async (flood: Flood): Promise<Figure[]> => {
  const { leastRefused = 1 } = flood;
  const {
    broker,
    crowd,
    probe,
    durationMs,
    count,
    isKept,
    mostOpen = count * maxConnectionsPerAddress,
  } = flood;
  const startMs = performance.now();
  await using load = await startLoad('knock', {
    port: broker.port,
    addresses: addresses(count),
    atOnce,
    isKept,
  });
  await Promise.all([crowd.talkDuring(durationMs), probe?.run(durationMs)]);
  // Where the machine is busy, the flood takes longer to become one.
  await load.until(
    (of) => of('refused') >= leastRefused && (!isKept || of('open') >= mostOpen),
    floodTimeoutMs,
  );
  const { taken = 0, refused = 0, cut = 0, open = 0, 'refused otherwise': otherwise = 0 } = load.facts;
  const seconds = (performance.now() - startMs) / 1_000;
  const perSecond = (taken + refused + cut + otherwise) / seconds;
  await load.stop();
  const leftOver = async (): Promise<number> => (await connectionsOf(broker)) - others;
  await until(async () => (await leftOver()) <= 0, 10_000);
  return [
    info('handshakes a second', perSecond),
    atLeast('refused with 503 and Retry-After', refused, leastRefused),
    exactly('refused otherwise, or cut', otherwise + cut, 0),
    isKept
      ? exactly('of theirs open at the end', open, mostOpen)
      : atMost(
          'of theirs taken',
          taken,
          Math.ceil(count * (burstPerAddress + perSecondPerAddress * (seconds + 1))),
        ),
    exactly('connections left when they are gone', await leftOver(), 0),
  ];
};

const connectionsOf = async (broker: BrokerProcess): Promise<number> => {
  const { body } = await postCommands(broker.httpUrl, [{ type: 'list', count: true }]);
  return (body as [{ count: number }])[0].count;
};
