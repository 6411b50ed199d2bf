import type { Socket } from 'node:net';
import { openBareSocket, readFrames } from '../bare-socket.ts';
import { add, type Facts } from '../facts.ts';

export interface KnocksParams {
  readonly port: number;
  /** Which it pretends to come from, in turn. */
  readonly addresses: readonly string[];
  readonly atOnce: number;
  /** Whether what is taken is kept, or closed at once. */
  readonly isKept: boolean;
}

/** Handshakes as fast as they are answered. */
export const knock = async (params: KnocksParams, facts: Facts): Promise<void> => {
  const { port, addresses, atOnce, isKept } = params;
  let turn = 0;
  const take = (socket: Socket): void => {
    add(facts, 'taken');
    if (!isKept) {
      socket.destroy();
      return;
    }
    add(facts, 'open');
    socket.once('close', () => add(facts, 'open', -1));
    readFrames(socket);
  };
  const work = async (): Promise<never> => {
    for (;;) {
      turn += 1;
      const came = await openBareSocket({ port, address: addresses[turn % addresses.length] });
      if (came.kind === 'taken') take(came.socket);
      else if (came.kind === 'cut') add(facts, 'cut');
      else if (came.status === 503 && came.hasRetryAfter) add(facts, 'refused');
      else add(facts, `refused otherwise`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
};
