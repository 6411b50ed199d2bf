/** A gate on a fake clock, and requests by name. */
import { Gate, type GateOptions, type Pass, type RequestEnd } from '../src/delivery/gate.ts';
import type { Lane, NoPass, Turn } from '../src/delivery/turn.ts';
import { FakeClock, settled } from './fake-clock.ts';

export const unreachable: RequestEnd = { failure: 'unreachable' };
export const status: RequestEnd = { failure: 'status' };

interface NamedTurn extends Turn {
  readonly name: string;
}

/** A gate, and requests by name: those that began, in order, until they are told to end. */
export const startGate = (more: Partial<GateOptions<NamedTurn>> = {}) => {
  const clock = new FakeClock();
  const changes: boolean[] = [];
  const gate = new Gate<NamedTurn>({
    maxRequests: 2,
    slowRequestMs: 1_000,
    retryMinMs: 100,
    retryMaxMs: 10_000,
    clock,
    random: () => 1,
    batch: () => ({ maxEvents: 1, maxBytes: 0 }),
    begin: (pass) => {
      posts.push(pass.turns.map(({ name }) => name));
      for (const { name } of pass.turns) {
        begun.push(name);
        running.set(name, pass);
      }
    },
    onChange: (isDown) => changes.push(isDown),
    ...more,
  });
  const lanes = new Map<string, Lane>();
  const running = new Map<string, Pass<NamedTurn>>();
  const begun: string[] = [];
  /** The names of each request. */
  const posts: string[][] = [];
  const denied: [name: string, why: NoPass][] = [];
  const enter = (
    name: string,
    { isTried = false, isAlone = false, untilMs = Infinity, bytes = 1 } = {},
  ): void => {
    const lane = lanes.get(name) ?? gate.lane();
    lanes.set(name, lane);
    const deny = (why: NoPass): void => void denied.push([name, why]);
    gate.enter({ name, lane, isTried, isAlone, untilMs, encode: () => bytes, deny });
  };
  /** Ends the request that the name is part of. */
  const end = async (name: string, how: RequestEnd = 'succeeded'): Promise<void> => {
    const pass = running.get(name);
    if (!pass) throw new Error(`${name} does not run`);
    for (const turn of pass.turns) running.delete(turn.name);
    gate.leave(pass, how);
    await settled();
  };
  return { gate, clock, changes, begun, posts, denied, running, enter, end };
};

export const names = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** A gate that two requests have found out is down. */
export const startDownGate = async (more: Partial<GateOptions<NamedTurn>> = {}) => {
  const started = startGate(more);
  for (const name of ['a', 'b']) {
    started.enter(name);
    await settled();
    await started.end(name, unreachable);
  }
  if (!started.gate.isDown) throw new Error('The gate is not down');
  started.begun.length = 0;
  return started;
};
