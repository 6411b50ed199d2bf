import { messageFrame, openBareSocket } from '../bare-socket.ts';
import { add, type Facts } from '../facts.ts';

export interface DeafParams {
  readonly port: number;
  readonly count: number;
  readonly room: string;
}

/** Clients that join a room, and never read what is said there. */
export const stayDeaf = async ({ port, count, room }: DeafParams, facts: Facts): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    const opened = await openBareSocket({ port });
    if (opened.kind !== 'taken') continue;
    opened.socket.write(messageFrame({ type: 'join', client: `deaf${n}`, room }));
    add(facts, 'open');
  }
};
