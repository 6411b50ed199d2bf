import { describe, expect, test } from 'vitest';
import {
  type Circumstances,
  type Effect,
  initialState,
  type MachineEvent,
  type MachineEventType,
  type MachineState,
  type StateName,
  transition,
} from './machine.ts';

const circumstances: Circumstances = {
  nowMs: 100_000,
  random: 0.5,
  online: true,
  minMs: 500,
  maxMs: 20_000,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
};

const states: Record<StateName, MachineState> = {
  idle: initialState,
  connecting: { ...initialState, name: 'connecting', failures: 2, wakeAtMs: 101_000 },
  open: { ...initialState, name: 'open', failures: 2, openedAtMs: 99_000 },
  waiting: {
    ...initialState,
    name: 'waiting',
    failures: 2,
    wakeAtMs: 100_700,
    last: { code: 1006, reason: '' },
  },
  offline: {
    ...initialState,
    name: 'offline',
    failures: 2,
    wakeAtMs: 100_700,
    last: { code: 1006, reason: '' },
  },
  suspended: { ...initialState, name: 'suspended', failures: 2 },
  closed: { ...initialState, name: 'closed', last: { code: 1000, reason: '' } },
};

const events: Record<MachineEventType, MachineEvent> = {
  connect: { type: 'connect' },
  opened: { type: 'opened' },
  bye: { type: 'bye', retryAfterMs: 3_000 },
  ended: { type: 'ended', code: 1006, reason: 'gone' },
  timer: { type: 'timer' },
  online: { type: 'online' },
  offline: { type: 'offline' },
  shown: { type: 'shown' },
  left: { type: 'left' },
  close: { type: 'close', code: 3000, reason: 'bye' },
};

type Outcome = readonly [StateName, ...Effect[]];
const stays = null;
const connects: Outcome = ['connecting', 'open-socket'];
const suspends: Outcome = ['suspended', 'drop-socket'];
const closes: Outcome = ['closed', 'drop-socket', 'discard'];

/** Where each event leads in each state, and through what; `stays` is the same object and no effect. */
const expected: Record<StateName, Record<MachineEventType, Outcome | typeof stays>> = {
  idle: {
    connect: connects,
    opened: stays,
    bye: stays,
    ended: stays,
    timer: stays,
    online: stays,
    offline: stays,
    shown: stays,
    left: stays,
    close: closes,
  },
  connecting: {
    connect: stays,
    opened: ['open', 'flush'],
    bye: stays,
    ended: ['waiting'],
    timer: ['waiting', 'drop-socket'],
    online: stays,
    offline: ['offline', 'drop-socket'],
    shown: stays,
    left: suspends,
    close: closes,
  },
  open: {
    connect: stays,
    opened: stays,
    bye: ['open'],
    ended: ['waiting'],
    timer: stays,
    online: stays,
    offline: ['offline', 'drop-socket'],
    shown: stays,
    left: suspends,
    close: closes,
  },
  waiting: {
    connect: connects,
    opened: stays,
    bye: stays,
    ended: stays,
    timer: connects,
    online: connects,
    offline: ['offline'],
    shown: connects,
    left: suspends,
    close: closes,
  },
  offline: {
    connect: connects,
    opened: stays,
    bye: stays,
    ended: stays,
    timer: connects,
    online: connects,
    offline: stays,
    shown: connects,
    left: suspends,
    close: closes,
  },
  suspended: {
    connect: stays,
    opened: stays,
    bye: stays,
    ended: stays,
    timer: stays,
    online: stays,
    offline: stays,
    shown: connects,
    left: stays,
    close: closes,
  },
  closed: {
    connect: connects,
    opened: stays,
    bye: stays,
    ended: stays,
    timer: stays,
    online: stays,
    offline: stays,
    shown: stays,
    left: stays,
    close: stays,
  },
};

const pairs = Object.entries(expected).flatMap(([name, row]) =>
  Object.entries(row).map(
    ([type, outcome]) => [name as StateName, type as MachineEventType, outcome] as const,
  ),
);

test.each(pairs)('%s, %s', (name, type, outcome) => {
  const before = states[name];
  const { state, effects } = transition(before, events[type], circumstances);
  if (outcome === stays) {
    expect(state).toBe(before);
    expect(effects).toEqual([]);
  } else {
    expect([state.name, ...effects]).toEqual(outcome);
  }
});

describe('waiting', () => {
  const lose = (failures: number, random: number): number => {
    const before: MachineState = { ...states.connecting, failures };
    const { state } = transition(before, events.ended, { ...circumstances, random });
    return (state.wakeAtMs ?? NaN) - circumstances.nowMs;
  };

  test('doubles its ceiling from minMs to maxMs', () => {
    const almostOne = 1 - 2 ** -53;
    expect([0, 1, 2, 3, 4, 5, 6, 7, 2000].map((failures) => Math.round(lose(failures, almostOne)))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000,
    ]);
  });

  test('takes any part of the ceiling, down to nothing', () => {
    expect([0, 0.25, 0.5].map((random) => lose(1, random))).toEqual([0, 250, 500]);
  });

  test('starts anew after a socket that lasted stableAfterMs', () => {
    const before: MachineState = { ...states.open, failures: 6, openedAtMs: 95_000 };
    expect(transition(before, events.ended, circumstances).state).toMatchObject({
      failures: 1,
      wakeAtMs: 100_250,
    });
  });

  test('goes on growing after a socket that did not', () => {
    const before: MachineState = { ...states.open, failures: 6, openedAtMs: 95_001 };
    expect(transition(before, events.ended, circumstances).state).toMatchObject({
      failures: 7,
      wakeAtMs: 110_000,
    });
  });

  test('after a bye is what that said, and up to minMs more, whatever failed before', () => {
    const told = transition({ ...states.open, failures: 6 }, events.bye, circumstances).state;
    expect(told).toMatchObject({ name: 'open', retryAfterMs: 3_000 });
    for (const [random, wakeAtMs] of [
      [0, 103_000],
      [0.5, 103_250],
    ] as const) {
      const { state } = transition(told, events.ended, { ...circumstances, random });
      expect(state).toMatchObject({ name: 'waiting', wakeAtMs });
      expect(state.retryAfterMs).toBeUndefined();
    }
  });

  test('after a bye is never more than a timer takes', () => {
    const { state } = transition({ ...states.open, retryAfterMs: Infinity }, events.ended, circumstances);
    expect(state.wakeAtMs).toBe(circumstances.nowMs + 2 ** 31 - 1);
  });

  test('does not come after a bye whose close says to stay away', () => {
    const told = transition(states.open, events.bye, circumstances).state;
    const { state } = transition(told, { type: 'ended', code: 4500, reason: '' }, circumstances);
    expect(state).toMatchObject({ name: 'closed', wakeAtMs: undefined, retryAfterMs: undefined });
  });

  test('is called offline where the browser says so', () => {
    const { state } = transition(states.open, events.ended, { ...circumstances, online: false });
    expect(state.name).toBe('offline');
  });

  test('keeps its moment when the network goes meanwhile', () => {
    const { state } = transition(states.waiting, events.offline, circumstances);
    expect(state.wakeAtMs).toBe(states.waiting.wakeAtMs);
  });

  test('forgets the failures when the network comes back', () => {
    const { state } = transition(states.offline, events.online, circumstances);
    expect(state.failures).toBe(0);
  });

  test('remembers the failures when only the page is shown', () => {
    const { state } = transition(states.waiting, events.shown, circumstances);
    expect(state.failures).toBe(2);
  });
});

describe('connecting', () => {
  test('has a time limit', () => {
    const { state } = transition(states.idle, events.connect, circumstances);
    expect(state.wakeAtMs).toBe(110_000);
  });

  test('says what went wrong when it was too slow', () => {
    const { state } = transition(states.connecting, events.timer, circumstances);
    expect(state.last).toEqual({ code: 1006, reason: 'no answer within 10000 ms' });
  });

  test('keeps how the last socket ended until the next is open', () => {
    const connecting = transition(states.waiting, events.timer, circumstances).state;
    expect(connecting.last).toEqual({ code: 1006, reason: '' });
    expect(transition(connecting, events.opened, circumstances).state.last).toBeUndefined();
  });
});

describe('after a close by the other side', () => {
  const ended = (code: number) =>
    transition(states.open, { type: 'ended', code, reason: 'r' }, circumstances);

  test.each([1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4001, 4499])(
    'comes back after %i',
    (code) => {
      expect(ended(code).state).toMatchObject({ name: 'waiting', last: { code, reason: 'r' } });
    },
  );

  test.each([1000, 4500, 4501, 4999])('stays closed after %i', (code) => {
    expect(ended(code)).toMatchObject({
      state: { name: 'closed', last: { code, reason: 'r' } },
      effects: ['discard'],
    });
  });
});
