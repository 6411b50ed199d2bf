import type { Criteria } from '@wsbroker/protocol';
import type { HubConnection } from '../hub/connection.ts';
import type { Target } from '../hub/hub.ts';
import { CommandError } from './command-error.ts';

/** The connection that caused the event. */
interface EventOrigin {
  readonly connection: HubConnection;
  /** Of a client's request: takes the reply, and says whether it was the first. */
  readonly reply?: ((message: unknown) => boolean) | undefined;
}

/**
 * Where commands came from. It decides what a command without `match` means: the connection that
 * caused the event; after a command POST or from this process, all; after an event of no connection, none.
 */
export type Origin = EventOrigin | 'everyone' | 'nobody';

interface Targeted {
  readonly type: string;
  readonly match?: Criteria | never[] | undefined;
  readonly except?: Criteria | never[] | undefined;
}

/** PHP writes an empty array where an empty object is meant. */
const asCriteria = (criteria: Criteria | never[] | undefined): Criteria | undefined =>
  Array.isArray(criteria) ? {} : criteria;

/**
 * The connections that a command means.
 * @throws CommandError `no-connection`
 */
export const targetOf = (command: Targeted, origin: Origin): Target => {
  const match = asCriteria(command.match);
  const except = asCriteria(command.except);
  if (match !== undefined || except !== undefined || origin === 'everyone') return { match, except };
  if (origin === 'nobody') {
    throw new CommandError(
      'no-connection',
      `\`${command.type}\` has no \`match\`, and no connection caused this: add \`match\`, for example {"wskey":"…"}, or {} for all`,
    );
  }
  return { wskey: origin.connection.wskey };
};
