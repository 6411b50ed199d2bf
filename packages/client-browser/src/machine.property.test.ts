import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayReconnect } from './close-code.ts';
import {
  type Circumstances,
  initialState,
  type MachineEvent,
  type Transition,
  transition,
} from './machine.ts';

type Step = {
  readonly event: MachineEvent;
  readonly passedMs: number;
  readonly random: number;
  readonly online: boolean;
};
type Machine = typeof transition;

const settings = { minMs: 500, maxMs: 20_000, stableAfterMs: 5_000, connectTimeoutMs: 10_000 };
const withSocket = new Set(['connecting', 'open']);
const withTimer = new Set(['connecting', 'waiting', 'offline']);
const endingArbitrary = fc.record({
  code: fc.oneof(fc.constantFrom(1001, 1006, 1012, 4000, 1000, 4500), fc.integer({ min: 1000, max: 4999 })),
  reason: fc.string({ maxLength: 5 }),
});
const plain = (...types: ('connect' | 'opened' | 'timer' | 'online' | 'offline' | 'shown' | 'left')[]) =>
  fc.constantFrom(...types.map((type) => ({ type })));
// Weighted so that sockets open, and are lost, many times in one run.
const eventArbitrary: fc.Arbitrary<MachineEvent> = fc.oneof(
  { weight: 5, arbitrary: plain('opened') },
  { weight: 4, arbitrary: plain('connect', 'timer') },
  { weight: 4, arbitrary: plain('online', 'offline', 'shown', 'left') },
  { weight: 3, arbitrary: endingArbitrary.map((ending) => ({ type: 'ended' as const, ...ending })) },
  { weight: 2, arbitrary: fc.nat(60_000).map((retryAfterMs) => ({ type: 'bye' as const, retryAfterMs })) },
  { weight: 1, arbitrary: endingArbitrary.map((ending) => ({ type: 'close' as const, ...ending })) },
);
const stepsArbitrary: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    // Mostly short, so that sockets do not always last.
    passedMs: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 30_000 })),
    event: eventArbitrary,
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    online: fc.boolean(),
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
);

/** Runs the steps and holds every transition against the invariants that `machine.ts` numbers. */
const check = (machine: Machine, steps: readonly Step[]): void => {
  let state = initialState;
  let sockets = 0;
  let nowMs = 1_000_000;
  let everConnected = false;
  for (const { event, passedMs, random, online } of steps) {
    nowMs += passedMs;
    // What only a socket can say is said by none where there is none, and a timer rings only where one runs.
    if (['ended', 'opened', 'bye'].includes(event.type) && sockets === 0) continue;
    if (event.type === 'opened' && state.name === 'open') continue;
    if (event.type === 'timer' && state.wakeAtMs === undefined) continue;
    const circumstances: Circumstances = { ...settings, nowMs, random, online };
    const before = structuredClone(state);
    Object.freeze(state);
    const result: Transition = machine(state, event, circumstances);
    const { state: next, effects } = result;
    const entered = (name: string) => next.name === name && state.name !== name;

    if (event.type === 'ended') sockets = 0;
    for (const effect of effects) {
      if (effect === 'open-socket') {
        expect(sockets, '2: there are never two').toBe(0);
        sockets = 1;
      }
      if (effect === 'drop-socket') sockets = 0;
    }
    expect(sockets, '1').toBe(withSocket.has(next.name) ? 1 : 0);
    expect(effects.includes('open-socket'), '2').toBe(entered('connecting'));
    expect(next.wakeAtMs !== undefined, '3').toBe(withTimer.has(next.name));
    expect(effects.includes('flush'), '4').toBe(entered('open'));
    expect(effects.includes('discard'), '4').toBe(entered('closed'));

    if (state.name === 'closed' && next !== state) expect(event.type, '5').toBe('connect');
    if (state.name === 'idle' && next !== state) expect(['connect', 'close'], '5').toContain(event.type);
    everConnected ||= next.name === 'connecting';
    if (everConnected) expect(next.name, '5').not.toBe('idle');

    if (withTimer.has(next.name) && next.name !== 'connecting' && next.last !== state.last) {
      const waitMs = (next.wakeAtMs ?? NaN) - nowMs;
      const ceilingMs = Math.min(settings.maxMs, settings.minMs * 2 ** (next.failures - 1));
      const leastMs = state.retryAfterMs ?? 0;
      const mostMs = state.retryAfterMs === undefined ? ceilingMs : leastMs + settings.minMs;
      expect(waitMs, '6').toBeGreaterThanOrEqual(leastMs);
      expect(waitMs, '6').toBeLessThanOrEqual(mostMs);
      const atPeace = state.name === 'open' && nowMs - state.openedAtMs >= settings.stableAfterMs;
      expect(next.failures, '7').toBe(atPeace ? 1 : state.failures + 1);
    } else {
      expect([0, state.failures], '7').toContain(next.failures);
    }
    if (event.type === 'ended') expect(next.name === 'closed', '8').toBe(!mayReconnect(event.code));
    expect(state, '9: never changed').toEqual(before);
    if (event.type === 'bye' && state.name === 'open')
      expect(next.retryAfterMs, '10').toBe(event.retryAfterMs);
    else expect(next.retryAfterMs, '10').toBe(next === state ? state.retryAfterMs : undefined);
    if (effects.length === 0 && next.name === state.name && event.type !== 'bye') {
      expect(next, '9: the same object').toBe(state);
    }
    expect(machine(state, event, circumstances), 'pure').toEqual(result);
    state = next;
  }
  // 5: what has not ended finds a socket by itself, in as many steps as the page is willing to tell.
  if (['waiting', 'offline', 'suspended'].includes(state.name)) {
    const help: MachineEvent = { type: state.name === 'suspended' ? 'shown' : 'timer' };
    expect(machine(state, help, { ...settings, nowMs, random: 0, online: true }).state.name, '5').toBe(
      'connecting',
    );
  }
};

test('keeps its invariants through any sequence of events', () => {
  fc.assert(
    fc.property(stepsArbitrary, (steps) => check(transition, steps)),
    { numRuns: 1_000 },
  );
});

/** Machines with one fault each: the check above must find every one. */
const faults: Record<string, Machine> = {
  'forgets the timer': (state, event, circumstances) => {
    const result = transition(state, event, circumstances);
    return result.state.name === 'waiting'
      ? { ...result, state: { ...result.state, wakeAtMs: undefined } }
      : result;
  },
  'opens a second socket': (state, event, circumstances) =>
    state.name === 'open' && event.type === 'shown'
      ? { state: { ...state, name: 'connecting', wakeAtMs: 1 }, effects: ['open-socket'] }
      : transition(state, event, circumstances),
  'keeps the socket when the network goes': (state, event, circumstances) => {
    const result = transition(state, event, circumstances);
    return event.type === 'offline' ? { ...result, effects: [] } : result;
  },
  'comes back after it was told not to': (state, event, circumstances) =>
    transition(state, event.type === 'ended' ? { ...event, code: 1006 } : event, circumstances),
  'comes back out of closed by itself': (state, event, circumstances) =>
    transition(state, state.name === 'closed' ? { type: 'connect' } : event, circumstances),
  'never discards': (state, event, circumstances) => {
    const result = transition(state, event, circumstances);
    return { ...result, effects: result.effects.filter((effect) => effect !== 'discard') };
  },
  'flushes too early': (state, event, circumstances) => {
    const result = transition(state, event, circumstances);
    return result.effects[0] === 'open-socket' ? { ...result, effects: ['open-socket', 'flush'] } : result;
  },
  'waits too long': (state, event, circumstances) =>
    transition(state, event, { ...circumstances, minMs: circumstances.minMs * 2 }),
  'never grows its wait': (state, event, circumstances) =>
    transition({ ...state, failures: 0 }, event, circumstances),
  'forgets when to come back': (state, event, circumstances) =>
    event.type === 'bye' ? { state, effects: [] } : transition(state, event, circumstances),
  'comes back too soon after a bye': (state, event, circumstances) =>
    transition(event.type === 'ended' ? { ...state, retryAfterMs: undefined } : state, event, circumstances),
  'makes a new object of nothing': (state, event, circumstances) => {
    const result = transition(state, event, circumstances);
    return { ...result, state: { ...result.state } };
  },
};

test.each(Object.entries(faults))('the check finds a machine that %s', (_name, machine) => {
  const run = fc.check(
    fc.property(stepsArbitrary, (steps) => check(machine, steps)),
    { numRuns: 2_000 },
  );
  expect(run.failed).toBe(true);
});
