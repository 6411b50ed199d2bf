import type { ClientMessage } from '@wsbroker/protocol';
import { readClientMessage, type TakenMessage } from '../src/edge/client-message.ts';

/** A client's message as the edge has read it. */
export const takenMessage = (message: ClientMessage): TakenMessage => {
  const read = readClientMessage(JSON.stringify(message), 64);
  if (!read.ok) throw new TypeError(read.text);
  return read;
};
