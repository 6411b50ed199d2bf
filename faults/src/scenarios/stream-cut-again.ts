import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import type { ChatClient } from '../chat-client.ts';
import { CutClients, type CutRun, received } from '../cut-client.ts';
import type { Cut } from '../cutting-proxy.ts';
import { atLeast, exactly, type Figure, info } from '../figure.ts';
import { addRecord } from '../record.ts';
import { scenario } from '../scenario.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly messages: number;
  readonly runs: number;
  readonly cutsEach: number;
  readonly atOnce: number;
}

/** Enough for the opening and some messages: many cuts hit the opening, where tokens change. */
const maxBytes = 1_200;

export const streamCutAgain = scenario<Scale>({
  name: 'stream-cut-again',
  title: 'the TCP connection is cut again and again, many times while it is being opened',
  full: { messages: 100, runs: 1_000, cutsEach: 12, atOnce: 20 },
  short: { messages: 50, runs: 20, cutsEach: 12, atOnce: 10 },
  async run({ messages, runs, cutsEach, atOnce }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const options = { replayMessages: 2 * messages };
    await using broker = await startBroker({ backendUrl: backend.url, options });
    const clients = new CutClients(broker.url);
    const { history } = clients;
    const work = async (client: ChatClient): Promise<void> => {
      const { name } = client;
      const isWhole = received(client, messages);
      for (let n = 1; n <= messages; n += 1) {
        history.sentDown.push({ from: name, n, to: name });
        client.say();
      }
      await client.allSettled();
      await isWhole;
    };
    const random = chance(1);
    const cut = (): Cut => ({
      direction: random() < 0.5 ? 'up' : 'down',
      afterBytes: Math.floor(random() * maxBytes),
    });
    const planned = Array.from({ length: runs }, (_, index): CutRun => ({
      name: `c${index}`,
      cuts: Array.from({ length: cutsEach }, cut),
      work,
    }));
    progress(`${runs} clients, ${cutsEach} cuts each`);
    await clients.performAll(planned, atOnce);
    addRecord(history, backend.posts());
    return [
      info('clients', clients.runs),
      atLeast('cuts', clients.cuts, runs * 3),
      exactly('runs that did not come to their end', clients.stuck, 0),
      ...verdict(history, ['unpaired']),
      exactly('told that messages failed', history.failed.length, 0),
      exactly('told to fetch their state anew', clients.told, 0),
    ];
  },
});

/** The same numbers in each run (Lehmer's generator), so that a failure can be met again. */
const chance = (seed: number): (() => number) => {
  const modulus = 2 ** 31 - 1;
  let state = seed;
  return () => {
    state = (state * 48_271) % modulus;
    return state / modulus;
  };
};
