import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { type Backend, startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { ChatClient } from '../chat-client.ts';
import { countedSocket, socketCounts } from '../counted-socket.ts';
import { CuttingProxy, type Direction } from '../cutting-proxy.ts';
import { atLeast, exactly, type Figure, info } from '../figure.ts';
import { addRecord } from '../record.ts';
import { scenario } from '../scenario.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly messages: number;
  readonly everyBytes: number;
  readonly atOnce: number;
}

interface Run {
  readonly name: string;
  readonly direction: Direction;
  readonly afterBytes: number;
}

const runTimeoutMs = 30_000;

export const streamCut = scenario<Scale>({
  name: 'stream-cut',
  title: 'the TCP connection is cut after every number of bytes of a stream, in both directions',
  full: { messages: 100, everyBytes: 1, atOnce: 20 },
  short: { messages: 100, everyBytes: 97, atOnce: 10 },
  async run({ messages, everyBytes, atOnce }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    // Room for all of the messages: with less, being told that some are missing would be right as well.
    const options = { replayMessages: 2 * messages };
    await using broker = await startBroker({ backendUrl: backend.url, options });
    const port = Number(new URL(broker.url).port);
    const history = new History();
    const socketClass = countedSocket(socketCounts());
    const counts = { cut: 0, told: 0, stuck: 0 };

    const perform = async ({ name, direction, afterBytes }: Run): Promise<number> => {
      await using proxy = new CuttingProxy(port, { direction, afterBytes });
      const url = await proxy.listen();
      const client = new ChatClient({ name, url, history, socketClass, backoffMaxMs: 1 });
      const isDone = direction === 'up' ? sendAll(client, messages) : receiveAll(client, history, messages);
      const late = new AbortController();
      const isFine = await Promise.race([
        isDone.then(() => true),
        delay(runTimeoutMs, false, { signal: late.signal }).catch(() => false),
      ]);
      late.abort();
      if (!isFine) counts.stuck += 1;
      if (proxy.isCut) counts.cut += 1;
      if (client.gaps > 0) counts.told += 1;
      client.close();
      return proxy.passed[direction];
    };

    const runs: Run[] = [];
    for (const direction of ['up', 'down'] as const) {
      const bytes = await perform({ name: `${direction}-whole`, direction, afterBytes: Infinity });
      for (let at = 0; at < bytes; at += everyBytes) {
        runs.push({ name: `${direction}-${at}`, direction, afterBytes: at });
      }
    }
    const total = runs.length;
    const work = async (): Promise<void> => {
      for (let run = runs.pop(); run; run = runs.pop()) {
        progress(`${total - runs.length} of ${total} cuts`);
        await perform(run);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    collect(history, backend);
    return [
      info('runs', total),
      // Acknowledgements are gathered as time allows, so the last few bytes are not the same in each run.
      atLeast('runs that were cut', counts.cut, total * 0.8),
      exactly('runs that did not come to their end', counts.stuck, 0),
      ...verdict(history, ['unpaired']),
      exactly('told that messages failed', history.failed.length, 0),
      info('told to fetch their state anew', counts.told),
    ];
  },
});

const sendAll = async (client: ChatClient, messages: number): Promise<void> => {
  for (let sent = 0; sent < messages; sent += 1) client.say('note');
  await client.allSettled();
};

const receiveAll = async (client: ChatClient, history: History, messages: number): Promise<void> => {
  const isWhole = new Promise<void>((resolve) => {
    client.client.on('said', ({ n }) => {
      if (n === messages) resolve();
    });
  });
  for (let n = 1; n <= messages; n += 1) history.sentDown.push({ from: client.name, n, to: client.name });
  client.say('stream', { count: messages });
  await client.allSettled();
  await isWhole;
};

const collect = (history: History, backend: Backend): void => addRecord(history, backend.posts());
