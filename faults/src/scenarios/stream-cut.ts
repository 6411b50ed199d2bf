import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import type { ChatClient } from '../chat-client.ts';
import { CutClients, type CutRun, received } from '../cut-client.ts';
import type { Direction } from '../cutting-proxy.ts';
import { atLeast, exactly, type Figure, info } from '../figure.ts';
import { addRecord } from '../record.ts';
import { scenario } from '../scenario.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly messages: number;
  readonly everyBytes: number;
  readonly atOnce: number;
}

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
    const clients = new CutClients(broker.url);
    const { history } = clients;

    const sendAll = async (client: ChatClient): Promise<void> => {
      for (let sent = 0; sent < messages; sent += 1) client.say('note');
      await client.allSettled();
    };
    const receiveAll = async (client: ChatClient): Promise<void> => {
      const { name } = client;
      for (let n = 1; n <= messages; n += 1) history.sentDown.push({ from: name, n, to: name });
      const isWhole = received(client, messages);
      client.say('stream', { count: messages });
      await client.allSettled();
      await isWhole;
    };
    const work = { up: sendAll, down: receiveAll };
    const runOf = (direction: Direction, afterBytes: number): CutRun => ({
      name: `${direction}-${afterBytes}`,
      cuts: [{ direction, afterBytes }],
      work: work[direction],
    });

    const runs: CutRun[] = [];
    for (const direction of ['up', 'down'] as const) {
      const bytes = (await clients.perform(runOf(direction, Infinity)))[direction];
      for (let at = 0; at < bytes; at += everyBytes) runs.push(runOf(direction, at));
    }
    progress(`${runs.length} cuts`);
    await clients.performAll(runs, atOnce);
    addRecord(history, backend.posts());
    return [
      info('runs', clients.runs),
      // Acknowledgements are gathered as time allows, so the last few bytes are not the same in each run.
      atLeast('runs that were cut', clients.cutRuns, runs.length * 0.8),
      exactly('runs that did not come to their end', clients.stuck, 0),
      ...verdict(history, ['unpaired']),
      exactly('told that messages failed', history.failed.length, 0),
      exactly('told to fetch their state anew', clients.told, 0),
    ];
  },
});
