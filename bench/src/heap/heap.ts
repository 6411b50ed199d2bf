/**
 * What a connection holds in the heap of the server: `heap.ts [WIRE [CLIENTS]]`, such as `heap.ts wsbroker.v1 2000`.
 *
 * Starts the broker and so many clients, takes a heap snapshot, and prints what there is of one for each connection.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../harness/server.ts';
import { startLoad } from '../harness/window.ts';
import type { CrowdChange, CrowdParams } from '../load/crowd.ts';
import type { WireName } from '../load/wires.ts';
import { holdersOf, type Snapshot } from './snapshot.ts';

const shown = 25;
const patienceMs = 60_000;

/** The file is there, and not written to any more, when it can be read. */
const snapshotIn = async (folder: string): Promise<Snapshot> => {
  const deadlineMs = performance.now() + patienceMs;
  while (performance.now() < deadlineMs) {
    await delay(500);
    const [name] = await readdir(folder);
    if (name === undefined) continue;
    try {
      return JSON.parse(await readFile(join(folder, name), 'utf8')) as Snapshot;
    } catch {
      // Half of it.
    }
  }
  throw new Error(`no heap snapshot came within ${patienceMs} ms`);
};

const [wire = 'plain', clientsText = '2000'] = process.argv.slice(2);
const clients = Number(clientsText);
const folder = await mkdtemp(join(tmpdir(), 'wsbroker-heap-'));
try {
  await using server = await startServer('wsbroker', {}, [
    '--heapsnapshot-signal=SIGUSR2',
    `--diagnostic-dir=${folder}`,
  ]);
  const params: CrowdParams = { port: server.port, wire: wire as WireName, openedAtOnce: 100 };
  await using load = await startLoad('crowd', params);
  await load.ask('change', { clients } satisfies CrowdChange);
  process.kill(server.pid, 'SIGUSR2');
  const holders = holdersOf(await snapshotIn(folder));
  process.stdout.write(`bytes and objects for each of ${clients} connections (${wire})\n`);
  for (const { what, count, bytes } of holders
    .filter((holder) => holder.count >= clients / 2)
    .slice(0, shown)) {
    const [bytesEach, countEach] = [(bytes / clients).toFixed(0), (count / clients).toFixed(1)];
    process.stdout.write(`${bytesEach.padStart(6)} ${countEach.padStart(6)}  ${what}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
