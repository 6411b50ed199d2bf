/** A gate on a fake clock, and requests by name. */
import {
  Gate,
  type GateOptions,
  type Lane,
  type NoPass,
  type Pass,
  type RequestEnd,
} from '../src/delivery/gate.ts';
import { FakeClock, settled } from './fake-clock.ts';

export const unreachable: RequestEnd = { failure: 'unreachable' };
export const status: RequestEnd = { failure: 'status' };

/** A gate, and requests by name: those that began, in order, until they are told to end. */
export const startGate = (more: Partial<GateOptions> = {}) => {
  const clock = new FakeClock();
  const changes: boolean[] = [];
  const gate = new Gate({
    maxRequests: 2,
    slowRequestMs: 1_000,
    retryMinMs: 100,
    retryMaxMs: 10_000,
    clock,
    random: () => 1,
    onChange: (isDown) => changes.push(isDown),
    ...more,
  });
  const lanes = new Map<string, Lane>();
  const running = new Map<string, Pass>();
  const begun: string[] = [];
  const denied: [name: string, why: NoPass][] = [];
  const enter = (name: string, { isTried = false, untilMs = Infinity } = {}): void => {
    const lane = lanes.get(name) ?? gate.lane();
    lanes.set(name, lane);
    void gate.enter(lane, { isTried, untilMs }).then((pass) => {
      if (typeof pass === 'string') return void denied.push([name, pass]);
      begun.push(name);
      running.set(name, pass);
    });
  };
  const end = async (name: string, how: RequestEnd = 'succeeded'): Promise<void> => {
    const pass = running.get(name);
    if (!pass) throw new Error(`${name} does not run`);
    running.delete(name);
    gate.leave(pass, how);
    await settled();
  };
  return { gate, clock, changes, begun, denied, running, enter, end };
};

export const names = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** A gate that two requests have found out is down. */
export const startDownGate = async (more: Partial<GateOptions> = {}) => {
  const started = startGate(more);
  for (const name of ['a', 'b']) started.enter(name);
  await settled();
  for (const name of ['a', 'b']) await started.end(name, unreachable);
  if (!started.gate.isDown) throw new Error('The gate is not down');
  started.begun.length = 0;
  return started;
};
