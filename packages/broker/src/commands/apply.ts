import type { JsonObject } from '@wsbroker/protocol';
import type { FanOut } from '../hub/fan-out.ts';
import type { Hub } from '../hub/hub.ts';
import type { Operation, Outcome } from './operation.ts';

/** Only these fields; the whole otherwise. A copy, since a result is read after other commands have run. */
const picked = (sessionInfo: JsonObject, fields: readonly string[] | undefined): JsonObject =>
  fields === undefined
    ? { ...sessionInfo }
    : Object.fromEntries(
        fields
          .filter((field) => field !== '__proto__' && Object.hasOwn(sessionInfo, field))
          .map((field) => [field, sessionInfo[field]]),
      );

/** The connections of this process, and how messages come to them. */
export interface Here {
  readonly hub: Hub;
  readonly fanOut: FanOut;
}

/** Runs an operation on the connections of this process. */
export const applyOperation = ({ hub, fanOut }: Here, operation: Operation): Outcome => {
  const connections = hub.size;
  switch (operation.kind) {
    case 'send':
      return { matched: fanOut.send(hub.select(operation.target), operation.text), connections };
    case 'close': {
      const chosen = hub.select(operation.target);
      for (const connection of chosen) connection.close(operation.code, operation.reason);
      return { matched: chosen.length, connections };
    }
    case 'session': {
      const chosen = hub.selectWithLeaving(operation.target);
      for (const connection of chosen) connection.changeSession(operation.change);
      return { matched: chosen.length, connections };
    }
    case 'count':
      return { matched: hub.select(operation.target).length, connections };
    case 'list': {
      const { limit = Infinity } = operation;
      const listed = [];
      for (const { place, connection } of hub.list(operation.target, operation.after)) {
        if (listed.length >= limit) break;
        listed.push({ place, sessionInfo: picked(connection.session, operation.fields) });
      }
      return { matched: listed.length, connections, listed };
    }
  }
};
