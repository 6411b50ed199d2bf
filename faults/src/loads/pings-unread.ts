import { setTimeout as delay } from 'node:timers/promises';
import { startBackend } from '../backend.ts';
import { reportsMemory, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atLeast, atMost, exactly, type Figure, info, ofPart } from '../figure.ts';
import { startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly sockets: number;
  readonly durationMs: number;
}

const mebi = 2 ** 20;
const tenfold = { messagesPerSecond: 2_000, messageBurst: 4_000 };

export const pingsUnread = scenario<Scale>({
  name: 'pings-unread',
  title: 'clients that ping without end, and read nothing',
  full: { sockets: 50, durationMs: 15_000 },
  short: { sockets: 50, durationMs: 1_000 },
  async run(scale, progress): Promise<Figure[]> {
    progress('as many as are read by default');
    const held = await ping(scale, {});
    progress('ten times as many');
    const more = await ping(scale, tenfold);
    return [...ofPart('with the default message rate', held), ...ofPart('with ten times that rate', more)];
  },
});

const ping = async ({ sockets, durationMs }: Scale, options: object): Promise<Figure[]> => {
  await using backend = await startBackend();
  await using broker = await startBroker({
    backendUrl: backend.url,
    options: { ...options },
    nodeOptions: reportsMemory,
  });
  await using others = await joinBystanders({ url: broker.url, backend });
  await others.talkBefore(durationMs / 3);
  const before = await broker.heldBytes();
  await using load = await startLoad('pingUnread', { port: broker.port, count: sockets });
  const isOpen = await load.until((count) => count('open') === sockets, 20_000);
  const talking = others.talkDuring(durationMs);
  const most: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    await delay(durationMs / 3);
    most.push(await broker.heldBytes());
  }
  await talking;
  return [
    atLeast('sockets that ping', isOpen ? load.count('open') : 0, sockets),
    info('pings written', load.count('pings')),
    atMost('memory held, the most, less that before', (Math.max(...most) - before) / mebi, 20, ' MiB'),
    exactly('crashes', broker.crashes, 0),
    ...(await others.figures()),
  ];
};
