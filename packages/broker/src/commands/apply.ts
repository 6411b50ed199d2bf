import type { JsonObject } from '@wsbroker/protocol';
import type { HubConnection } from '../hub/connection.ts';
import { fanOut } from '../hub/fan-out.ts';
import type { Hub } from '../hub/hub.ts';
import type { Operation, Outcome } from './operation.ts';

const forEach = (connections: Iterable<HubConnection>, act: (connection: HubConnection) => void): number => {
  let matched = 0;
  for (const connection of connections) {
    act(connection);
    matched += 1;
  }
  return matched;
};

/** Only these fields; the whole otherwise. A copy, since a result is read after other commands have run. */
const picked = (sessionInfo: JsonObject, fields: readonly string[] | undefined): JsonObject =>
  fields === undefined
    ? { ...sessionInfo }
    : Object.fromEntries(
        fields
          .filter((field) => field !== '__proto__' && Object.hasOwn(sessionInfo, field))
          .map((field) => [field, sessionInfo[field]]),
      );

/** Runs an operation on the connections of this process. */
export const applyOperation = (hub: Hub, operation: Operation): Outcome => {
  const connections = hub.size;
  switch (operation.kind) {
    case 'send':
      return { matched: fanOut(hub.select(operation.target), operation.text), connections };
    case 'close': {
      // Closing takes connections out of the hub, so the choice is made first.
      const chosen = [...hub.select(operation.target)];
      return {
        matched: forEach(chosen, (connection) => connection.close(operation.code, operation.reason)),
        connections,
      };
    }
    case 'session':
      return {
        matched: forEach([...hub.selectWithLeaving(operation.target)], (connection) =>
          connection.changeSession(operation.change),
        ),
        connections,
      };
    case 'count':
      return { matched: forEach(hub.select(operation.target), () => {}), connections };
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
