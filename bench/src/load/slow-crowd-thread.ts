/** The thread of a `SlowCrowd`: connects clients when it is told to, and says when they are; ends when it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { openSockets, type RawSocket } from './raw-socket.ts';
import type { MoreClients, SlowCrowdParams } from './slow-crowd.ts';
import { wires } from './wires.ts';

/** As long as a server needs for a thousand writes, or less: what is unread stays little. */
const napMs = 3;

const { port, wire, deliveryBytes, received } = workerData as SlowCrowdParams;
const sockets: RawSocket[] = [];
const nap = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

const connect = async ({ clients, firstIndex }: MoreClients): Promise<void> => {
  const options = () => ({ port, wire: wires[wire], deliveryBytes });
  sockets.push(...(await openSockets(clients, options, firstIndex)));
  // A port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage('connected');
};
// One that cannot be connected ends the thread, and so is told.
parentPort?.on('message', (more: MoreClients) => void connect(more));

/** After each time that what there was has been read. */
const sleep = (): void => {
  received[0] = sockets.reduce((sum, socket) => sum + socket.received, 0);
  Atomics.wait(nap, 0, 0, napMs);
  setImmediate(sleep);
};
sleep();
