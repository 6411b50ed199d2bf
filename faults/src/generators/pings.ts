import { openBareSocket } from '../bare-socket.ts';
import { opcodes } from '@wsbroker/testkit';
import { clientFrame } from '../client-frame.ts';
import { add, type Facts } from '../facts.ts';

export interface PingsParams {
  readonly port: number;
  readonly count: number;
}

const batchPings = 64;
/** The largest that there is. */
const ping = clientFrame('p'.repeat(125), { opcode: opcodes.ping });
const batch = Buffer.concat(Array.from({ length: batchPings }, () => ping));

/** Sockets that ping as fast as they can write, and never read. */
export const pingUnread = async ({ port, count }: PingsParams, facts: Facts): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    const opened = await openBareSocket({ port });
    if (opened.kind !== 'taken') continue;
    const { socket } = opened;
    add(facts, 'open');
    const pump = (): void => {
      if (socket.destroyed) return;
      add(facts, 'pings', batchPings);
      // In turns: who is read as fast as it writes would never let the others begin.
      if (socket.write(batch)) setImmediate(pump);
      else socket.once('drain', pump);
    };
    pump();
  }
};
