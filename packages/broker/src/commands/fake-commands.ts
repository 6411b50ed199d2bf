/** For tests: a hub of connections without sockets, and commands that run on it. Not part of the package. */
import { MemoryLogger } from '@wsbroker/testkit';
import type { Broker, Handlers } from '../api.ts';
import { EmbeddedEngine } from '../cluster/embedded-engine.ts';
import type { Apply, Engine } from '../cluster/engine.ts';
import { type FakeConnection, fakeConnection } from '../hub/fake-connection.ts';
import { Hub } from '../hub/hub.ts';
import { logFor } from '../ops/logger.ts';
import type { BrokerOptions } from '../options.ts';
import { applyOperation } from './apply.ts';
import { type CommandContext, executeCommands } from './execute.ts';
import type { Operation, Outcome } from './operation.ts';
import type { Origin } from './target.ts';

export type Config = Pick<BrokerOptions, 'backendCommands'> & Handlers;
export type EngineOver = (apply: Apply<Operation, Outcome>) => Engine<Operation, Outcome>;

export class FakeCommands {
  readonly hub = new Hub();
  readonly logs = new MemoryLogger();
  readonly context: CommandContext;

  constructor(config: Config = {}, engineOver: EngineOver = (apply) => new EmbeddedEngine(apply)) {
    this.context = {
      broker: { config } as Broker,
      engine: engineOver((operation) => applyOperation(this.hub, operation)),
      log: logFor(this.logs),
    };
  }

  /** A new open connection. */
  connect(wskey: string, fields: Record<string, unknown> = {}): FakeConnection {
    const added = fakeConnection(wskey, fields);
    this.hub.add(added.connection);
    return added;
  }

  /** Runs commands as if they came from there; their results. */
  run(origin: Origin, ...commands: unknown[]): Promise<unknown[]> {
    return executeCommands(this.context, commands, origin);
  }
}
