import { setTimeout as delay } from 'node:timers/promises';
import { startBackend } from '../backend.ts';
import { reportsMemory, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { HandshakeProbe } from '../handshake-probe.ts';
import { startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly sockets: number;
  readonly durationMs: number;
  readonly handshakeTimeoutMs: number;
}

const mebi = 2 ** 20;
/** How much later than the timeout the last one may be found. */
const lateMs = 2_000;

export const halfOpenHandshakes = scenario<Scale>({
  name: 'half-open-handshakes',
  title: 'handshakes that are never finished',
  full: { sockets: 5_000, durationMs: 30_000, handshakeTimeoutMs: 10_000 },
  short: { sockets: 500, durationMs: 2_000, handshakeTimeoutMs: 1_000 },
  async run({ sockets, durationMs, handshakeTimeoutMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({
      backendUrl: backend.url,
      options: { handshakeTimeoutMs },
      nodeOptions: reportsMemory,
    });
    await using others = await joinBystanders({ url: broker.url, backend });
    await others.talkBefore(durationMs / 4);
    const before = await broker.heldBytes();
    const probe = new HandshakeProbe({ port: broker.port });
    await using load = await startLoad('openHalf', { port: broker.port, count: sockets, forMs: durationMs });
    progress(`${sockets} of them at once`);
    const measured = (async () => {
      await delay(durationMs / 2);
      return broker.heldBytes();
    })();
    await Promise.all([probe.run(durationMs), others.talkDuring(durationMs)]);
    await load.until((count) => count('stopped') === 1, 20_000);
    const startMs = performance.now();
    progress('no more of them come');
    await load.until((count) => count('open') === 0, handshakeTimeoutMs + 60_000);
    const tookMs = performance.now() - startMs;
    const { opened = 0, most = 0, open = 0 } = load.facts;
    return [
      info('opened in all', opened),
      info('open at once, the most', most),
      exactly('never cut', open, 0),
      timing(atMost('the last one cut after', tookMs / 1_000, (handshakeTimeoutMs + lateMs) / 1_000, ' s')),
      ...probe.figures,
      atMost('memory held while they last, less that before', ((await measured) - before) / mebi, 30, ' MiB'),
      exactly('crashes', broker.crashes, 0),
      ...(await others.figures()),
    ];
  },
});
