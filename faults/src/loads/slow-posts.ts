import { setTimeout as delay } from 'node:timers/promises';
import { postCommands } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { type BrokerProcess, reportsMemory, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { startLoad } from '../load.ts';
import { percentile } from '../percentile.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly posts: number;
  readonly requestTimeoutMs: number;
  readonly hugeBytes: number;
}

const mebi = 2 ** 20;
const gibi = 2 ** 30;
const allowed = '127.0.0.1';
const denied = '127.0.0.2';
/** How much later than the timeout the last one may be found. */
const lateMs = 6_000;

export const slowPosts = scenario<Scale>({
  name: 'slow-posts',
  title: 'command POSTs that come byte by byte, or without an end',
  full: { posts: 100, requestTimeoutMs: 30_000, hugeBytes: 10 * gibi },
  short: { posts: 100, requestTimeoutMs: 1_000, hugeBytes: 10 * gibi },
  async run({ posts, requestTimeoutMs, hugeBytes }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const options = { requestTimeoutMs };
    await using broker = await startBroker({ backendUrl: backend.url, options, nodeOptions: reportsMemory });
    await using others = await joinBystanders({ url: broker.url, backend });
    await others.talkBefore(Math.max(1_000, requestTimeoutMs / 4));
    // What the first POST loads is no part of what the others cost.
    await postEvery(broker, 500);
    const before = await broker.heldBytes();
    const target = { port: broker.port, count: posts };
    await using fromAllowed = await startLoad('dripPosts', { ...target, localAddress: allowed });
    await using fromDenied = await startLoad('dripPosts', { ...target, localAddress: denied });
    const startMs = performance.now();
    progress(`${posts} drip from each of two addresses`);
    const talking = others.talkDuring(requestTimeoutMs);
    await fromDenied.until((count) => count('ended') === posts, requestTimeoutMs + lateMs);
    const deniedMs = performance.now() - startMs;
    const honest = postEvery(broker, requestTimeoutMs / 2);
    await delay(requestTimeoutMs / 4);
    const dripping = await broker.heldBytes();
    const tookMs = await honest;
    await fromAllowed.until((count) => count('ended') === posts, requestTimeoutMs + lateMs + 10_000);
    const allowedMs = performance.now() - startMs;
    await talking;

    progress('bodies of many gigabytes');
    const beforeHuge = await broker.heldBytes();
    const huge = { port: broker.port, bytes: hugeBytes };
    await using hugeDenied = await startLoad('postWithoutEnd', { ...huge, localAddress: denied });
    await using hugeAllowed = await startLoad('postWithoutEnd', { ...huge, localAddress: allowed });
    await Promise.all(
      [hugeDenied, hugeAllowed].map((load) => load.until((count) => count('ended') === 1, 10_000)),
    );
    const afterHuge = await broker.heldBytes();
    return [
      info('command POSTs that drip, from each address', posts),
      exactly('from one that is allowed: ended', fromAllowed.count('ended'), posts),
      timing(atMost('the last of these after', allowedMs / 1_000, (requestTimeoutMs + lateMs) / 1_000, ' s')),
      exactly('from one that is not: ended', fromDenied.count('ended'), posts),
      // One that still writes may see the end of the connection before the answer.
      info('of these, answered with 403', fromDenied.count('status 403')),
      timing(atMost('the last of these after', deniedMs / 1_000, 2, ' s')),
      atMost('memory held while they last, less that before', (dripping - before) / mebi, 10, ' MiB'),
      exactly('commands beside them that failed', tookMs.filter(Number.isNaN).length, 0),
      timing(atMost('p99 of the commands beside them', percentile(tookMs, 99), 500, ' ms')),
      exactly('a body of 10 GB from an address that is not allowed: refused', hugeDenied.count('ended'), 1),
      atMost('of it written', hugeDenied.count('written') / mebi, 16, ' MiB'),
      exactly('from one that is allowed: refused', hugeAllowed.count('ended'), 1),
      atMost('of it written', hugeAllowed.count('written') / mebi, 16, ' MiB'),
      atMost('memory held afterwards, less that before', (afterHuge - beforeHuge) / mebi, 5, ' MiB'),
      exactly('crashes', broker.crashes, 0),
      ...(await others.figures()),
    ];
  },
});

const everyMs = 100;

/** Posts a command ten times a second: how long each took; not a number when it failed. */
const postEvery = async ({ httpUrl }: BrokerProcess, durationMs: number): Promise<number[]> => {
  const tookMs: number[] = [];
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs) {
    const startMs = performance.now();
    const status = await postCommands(httpUrl, [{ type: 'list', count: true }]).then(
      (result) => result.status,
      () => 0,
    );
    tookMs.push(status === 200 ? performance.now() - startMs : NaN);
    await delay(everyMs);
  }
  return tookMs;
};
