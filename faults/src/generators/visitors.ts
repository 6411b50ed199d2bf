import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageFrame, openBareSocket, readFrames } from '../bare-socket.ts';
import { add, type Facts } from '../facts.ts';

export interface StayParams {
  readonly port: number;
  readonly clients: readonly string[];
  /** Whether those that are refused try again until they get in. */
  readonly isPersistent: boolean;
}

const atOnce = 50;
const againMs = 200;
const stayMs = 300;

/** Ordinary clients that join, and then only listen. */
export const stay = async ({ port, clients, isPersistent }: StayParams, facts: Facts): Promise<void> => {
  const left = [...clients];
  facts['open'] = 0;
  const enter = (socket: Socket, client: string): void => {
    add(facts, 'open');
    socket.once('close', () => {
      add(facts, 'open', -1);
      add(facts, 'closed');
    });
    readFrames(socket);
    socket.write(messageFrame({ type: 'join', client }));
  };
  const work = async (): Promise<void> => {
    for (let client = left.pop(); client !== undefined; client = left.pop()) {
      const came = await openBareSocket({ port });
      if (came.kind === 'taken') {
        enter(came.socket, client);
        continue;
      }
      add(facts, came.kind === 'refused' ? `refused ${came.status}` : 'cut');
      if (!isPersistent) continue;
      left.unshift(client);
      await delay(againMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  facts['done'] = 1;
};

/** Clients that come, and are gone again after a moment. */
export const comeAndGo = async (
  { port, perSecond }: { readonly port: number; readonly perSecond: number },
  facts: Facts,
): Promise<never> => {
  for (;;) {
    await delay(1_000 / perSecond);
    void openBareSocket({ port }).then((came) => {
      if (came.kind !== 'taken') return;
      add(facts, 'came');
      setTimeout(() => came.socket.destroy(), stayMs);
    });
  }
};
