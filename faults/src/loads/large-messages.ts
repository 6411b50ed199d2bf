import { startBackend } from '../backend.ts';
import { reportsMemory, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atMost, exactly, type Figure, info } from '../figure.ts';
import { badMessages } from '../generators/bad-messages.ts';
import { startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly times: number;
  readonly talkMs: number;
}

const mebi = 2 ** 20;

export const largeMessages = scenario<Scale>({
  name: 'large-messages',
  title: 'messages that are too large, without an end, compressed, or nested too deeply',
  full: { times: 100, talkMs: 10_000 },
  short: { times: 4, talkMs: 800 },
  async run({ times, talkMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({ backendUrl: backend.url, nodeOptions: reportsMemory });
    await using others = await joinBystanders({ url: broker.url, backend });
    await others.talkBefore(talkMs);
    const before = await broker.heldBytes();
    const ways = Object.keys(badMessages).length;
    progress(`${ways} ways, ${times} times each`);
    await using load = await startLoad('sendBadly', { port: broker.port, times });
    const [isDone] = await Promise.all([
      load.until((count) => count('done') === 1, 120_000),
      others.talkDuring(talkMs),
    ]);
    const during = await broker.heldBytes();
    const { fine = 0, sent, done, unfinished, started: _, ...otherwise } = load.facts;
    return [
      info('ways to send too much', ways),
      info('messages that are never finished, 48 KiB each', unfinished ?? 0),
      exactly('sent', isDone ? (sent ?? 0) : 0, ways * times),
      {
        ...exactly('closed or answered as expected', fine, ways * times),
        ...(done === 1 && fine === ways * times ? {} : { value: `${fine} (${JSON.stringify(otherwise)})` }),
      },
      atMost('memory held while they last, less that before', (during - before) / mebi, 30, ' MiB'),
      exactly('crashes', broker.crashes, 0),
      ...(await others.figures()),
    ];
  },
});
