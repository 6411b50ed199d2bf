import { fileURLToPath } from 'node:url';
import { History, spawnProcess } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { addRecord, disconnectsIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

const program = fileURLToPath(new URL('../idle-clients.ts', import.meta.url));

export const clientsStopped = scenario<Scale>({
  name: 'clients-stopped',
  title: 'clients that are stopped, their TCP connections half open',
  full: { clients: 500, pingIntervalMs: 25_000, pongTimeoutMs: 10_000 },
  short: { clients: 20, pingIntervalMs: 500, pongTimeoutMs: 500 },
  async run({ clients, pingIntervalMs, pongTimeoutMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const options = { pingIntervalMs, pongTimeoutMs };
    await using broker = await startBroker({ backendUrl: backend.url, options });
    await using idle = await spawnProcess(process.execPath, [program, broker.url, String(clients)], {
      readyWhen: /all open/,
    });
    idle.kill('SIGSTOP');
    const atMs = performance.now();
    const limitMs = pingIntervalMs + pongTimeoutMs + 1_000;
    progress(`${clients} clients are stopped: found within ${limitMs / 1_000} s?`);
    await until(() => disconnectsIn(backend.posts()) >= clients, limitMs + 20_000);
    const tookMs = performance.now() - atMs;
    // Stopped, it would not hear anything else.
    idle.kill('SIGKILL');
    const posts = backend.posts();
    const history = new History();
    addRecord(history, posts);
    return [
      info('clients stopped', clients),
      exactly('found', disconnectsIn(posts), clients),
      timing(atMost('the last one after', tookMs / 1_000, limitMs / 1_000, ' s')),
      ...verdict(history).filter(({ name }) => name === 'unpaired'),
    ];
  },
});
