import { setTimeout as delay } from 'node:timers/promises';
import { check, faultsIn, History, opcodes, postCommands } from '@wsbroker/testkit';
import { messageFrame, openBareSocket, readFrames } from '../bare-socket.ts';
import { startBackend } from '../backend.ts';
import { type BrokerProcess, reportsMemory, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { startLoad } from '../load.ts';
import { disconnectsIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';

interface Scale {
  readonly deaf: number;
  readonly listeners: number;
  /** At most: it ends when all are cut. */
  readonly durationMs: number;
  readonly talkMs: number;
  readonly messageBytes: number;
  /** To all of them together. */
  readonly bytesPerSecond: number;
  readonly unreadTimeoutMs: number;
}

const mebi = 2 ** 20;
const room = 'fan';

export const slowReaders = scenario<Scale>({
  name: 'slow-readers',
  title: 'clients that do not read what they are sent, beside some that do',
  full: {
    deaf: 200,
    listeners: 10,
    durationMs: 180_000,
    talkMs: 15_000,
    messageBytes: 10_000,
    bytesPerSecond: 10_000_000,
    unreadTimeoutMs: 10_000,
  },
  // What the system itself keeps for each of them, some megabytes, has to be filled first.
  short: {
    deaf: 6,
    listeners: 2,
    durationMs: 15_000,
    talkMs: 1_000,
    messageBytes: 200_000,
    bytesPerSecond: 40_000_000,
    unreadTimeoutMs: 500,
  },
  async run(scale, progress): Promise<Figure[]> {
    const { deaf, listeners, durationMs, talkMs, messageBytes, bytesPerSecond, unreadTimeoutMs } = scale;
    await using backend = await startBackend();
    const options = { unreadTimeoutMs };
    await using broker = await startBroker({ backendUrl: backend.url, options, nodeOptions: reportsMemory });
    await using others = await joinBystanders({ url: broker.url, backend });
    await others.talkBefore(talkMs);
    const before = await broker.heldBytes();

    const history = new History();
    for (let n = 0; n < listeners; n += 1) await listen(broker, `l${n}`, history);
    await using load = await startLoad('stayDeaf', { port: broker.port, count: deaf, room });
    await until(() => inRoom(backend.posts()) === deaf + listeners, 30_000, 200);
    progress(`${deaf} of them are sent ${bytesPerSecond / 1e6} MB a second in all`);

    const perSecond = bytesPerSecond / messageBytes / (deaf + listeners);
    const message = { type: 'fan', pad: 'x'.repeat(messageBytes) };
    const fan = new FanOut({ httpUrl: broker.httpUrl, history, message, listeners });
    const sending = fan.start(perSecond);
    const startMs = performance.now();
    const cutAfterMs: number[] = [];
    let held = 0;
    while (cutAfterMs.length < deaf && performance.now() - startMs < durationMs) {
      await others.talkDuring(talkMs / 5);
      held = Math.max(held, await broker.heldBytes());
      const cut = disconnectsIn(backend.posts());
      while (cutAfterMs.length < cut) cutAfterMs.push(performance.now() - startMs);
      progress(`${cut} of ${deaf} are cut, ${fan.messages} messages`);
    }
    fan.stop();
    await sending;
    await until(() => history.arrivedDown.length >= history.sentDown.length, 10_000);
    const faults = faultsIn(check(history));
    return [
      info('clients that do not read', load.count('open')),
      info('sent to each, messages', fan.messages),
      info('sent to each, MB', (fan.messages * messageBytes) / 1e6),
      exactly('of them cut', cutAfterMs.length, deaf),
      info('the first cut seen after', `${((cutAfterMs[0] ?? NaN) / 1_000).toFixed(0)} s`),
      info('the last cut seen after', `${((cutAfterMs.at(-1) ?? NaN) / 1_000).toFixed(0)} s`),
      atMost('memory held, the most, less that before', (held - before) / mebi, 64, ' MiB'),
      info('listeners in the same room', listeners),
      {
        ...exactly('of what they were sent lost, repeated or reordered', faults.length, 0),
        ...(faults.length > 0 ? { value: `${faults.length} (${faults.slice(0, 3).join('; ')})` } : {}),
      },
      exactly('crashes', broker.crashes, 0),
      timing(atMost('p99 of the others', others.p99DuringMs, 100, ' ms')),
      ...(await others.figures()),
    ];
  },
});

const inRoom = (posts: readonly { readonly type: string; readonly client: string }[]): number =>
  new Set(
    posts
      .filter(({ type, client }) => type === 'client-join' && /^(deaf|l)\d/.test(client))
      .map(({ client }) => client),
  ).size;

/** A client that is in the room and reads. */
const listen = async ({ port }: BrokerProcess, name: string, history: History): Promise<void> => {
  const opened = await openBareSocket({ port });
  if (opened.kind !== 'taken') return;
  opened.socket.unref();
  readFrames(opened.socket, ({ opcode, payload }) => {
    // Only the beginning is looked at: the rest is filling.
    const [, n] = /^\{"n":(\d+),"type":"fan"/.exec(payload.toString('latin1', 0, 40)) ?? [];
    if (opcode !== opcodes.text || n === undefined) return;
    history.arrivedDown.push({ from: 'fan', n: Number(n), to: name, at: name });
  });
  opened.socket.write(messageFrame({ type: 'join', client: name, room }));
};

interface FanOutOptions {
  readonly httpUrl: string;
  readonly history: History;
  readonly message: object;
  readonly listeners: number;
}

/** What is sent to everybody in the room, at a steady pace. */
class FanOut {
  messages = 0;
  readonly #options: FanOutOptions;
  #isStopped = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** Resolves when it has been stopped. */
  async start(perSecond: number): Promise<void> {
    const { httpUrl, history, message, listeners } = this.#options;
    const startMs = performance.now();
    while (!this.#isStopped) {
      const dueMs = startMs + (this.messages / perSecond) * 1_000;
      await delay(Math.max(0, dueMs - performance.now()));
      this.messages += 1;
      const n = this.messages;
      for (let at = 0; at < listeners; at += 1) history.sentDown.push({ from: 'fan', n, to: `l${at}` });
      const commands = [{ type: 'send', match: { room }, message: { n, ...message } }];
      await postCommands(httpUrl, commands, { encoding: 'json' });
    }
  }

  stop(): void {
    this.#isStopped = true;
  }
}
