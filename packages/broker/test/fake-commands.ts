/** A hub of connections without sockets, and commands that run on it. */
import { MemoryLogger } from '@wsbroker/testkit';
import type { Broker, BrokerOptions, Handlers } from '../src/api.ts';
import { EmbeddedEngine } from '../src/cluster/embedded-engine.ts';
import type { Apply, Engine } from '../src/cluster/engine.ts';
import { type FakeConnection, fakeConnection } from './fake-connection.ts';
import { FanOut } from '../src/hub/fan-out.ts';
import { Hub } from '../src/hub/hub.ts';
import { LoopTurn } from '../src/hub/loop-turn.ts';
import { logFor } from '../src/ops/logger.ts';
import { applyOperation } from '../src/commands/apply.ts';
import { type CommandContext, executeCommands } from '../src/commands/execute.ts';
import type { Operation, Outcome } from '../src/commands/operation.ts';
import type { Origin } from '../src/commands/target.ts';

export type Config = Pick<BrokerOptions, 'backendCommands'> & Handlers;
export type EngineOver = (apply: Apply<Operation, Outcome>) => Engine<Operation, Outcome>;

export class FakeCommands {
  readonly hub = new Hub();
  readonly fanOut = new FanOut(new LoopTurn());
  readonly logs = new MemoryLogger();
  readonly context: CommandContext;

  constructor(config: Config = {}, engineOver: EngineOver = (apply) => new EmbeddedEngine(apply)) {
    this.context = {
      broker: { config } as Broker,
      engine: engineOver((operation) => applyOperation(this, operation)),
      log: logFor(this.logs),
      handlerTimeoutMs: 30_000,
    };
  }

  /** A new open connection. */
  connect(wskey: string, fields: Record<string, unknown> = {}): FakeConnection {
    const added = fakeConnection(wskey, fields, this);
    this.hub.add(added.connection);
    return added;
  }

  /** Runs commands as if they came from there; their results. */
  async run(origin: Origin, ...commands: unknown[]): Promise<unknown[]> {
    return await executeCommands(this.context, commands, origin);
  }
}
