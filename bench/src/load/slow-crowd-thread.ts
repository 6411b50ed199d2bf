/** The thread of a `SlowCrowd`. Says when all are connected; ends when it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { openSockets } from './raw-socket.ts';
import type { SlowCrowdParams } from './slow-crowd.ts';
import { wires } from './wires.ts';

/** As long as a server needs for a thousand writes, or less: what is unread stays little. */
const napMs = 3;

const { port, wire, clients, firstIndex, deliveryBytes, received } = workerData as SlowCrowdParams;
const sockets = await openSockets(clients, () => ({ port, wire: wires[wire], deliveryBytes }), firstIndex);
const nap = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** After each time that what there was has been read. */
const sleep = (): void => {
  received[0] = sockets.reduce((sum, socket) => sum + socket.received, 0);
  Atomics.wait(nap, 0, 0, napMs);
  setImmediate(sleep);
};
sleep();
// A port has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage('open');
