import { abnormalClosure, mayReconnect } from './close-code.ts';

/*
 * When to have a socket, and when to wait: pure, so that every case can be tested.
 *
 * What always holds:
 *  1. A socket exists, or is being opened, in `connecting` and `open` and in no other state.
 *  2. `open-socket` comes on entering `connecting` and nowhere else, from states without a socket: there are
 *     never two.
 *  3. `wakeAtMs` is there in `connecting`, `waiting` and `offline` and in no other state.
 *  4. `flush` comes on entering `open` and nowhere else, `discard` on entering `closed` and nowhere else.
 *  5. `idle` is left by `connect` and `close` alone, `closed` by `connect` alone. Every other state leads back
 *     to a socket without the application's help.
 *  6. A wait is at least 0, at most `maxMs`, and at most `minMs` doubled with each failure after the first.
 *     After a `bye` it is instead what that said, and up to `minMs` more.
 *  7. `failures` rises by one with each socket that is lost, and otherwise falls to 0, or to 1 for the loss of
 *     a socket that lasted `stableAfterMs`.
 *  8. After a close by the other side there is another attempt exactly when `mayReconnect(code)`.
 *  9. A state is never changed, only replaced; an event that changes nothing gives the same object.
 * 10. `retryAfterMs` comes with a `bye` in `open`, and goes with that socket.
 */

export type StateName = 'idle' | 'connecting' | 'open' | 'waiting' | 'offline' | 'suspended' | 'closed';

/** How a socket ended. */
interface Ending {
  readonly code: number;
  readonly reason: string;
}

export interface MachineState {
  readonly name: StateName;
  /** Sockets lost in a row. */
  readonly failures: number;
  /** When the event `timer` is due. */
  readonly wakeAtMs: number | undefined;
  /** When the last socket opened. */
  readonly openedAtMs: number;
  /** How the last socket ended; none since one is open. */
  readonly last: Ending | undefined;
  /** What the broker has said of the time after this socket. */
  readonly retryAfterMs: number | undefined;
}

export type MachineEvent =
  /** Somebody asks for a socket now. */
  | { readonly type: 'connect' }
  /** The socket is open, and the broker has said that messages may flow. */
  | { readonly type: 'opened' }
  /** The broker is about to close the socket, and says when to come back. */
  | { readonly type: 'bye'; readonly retryAfterMs: number }
  /** The socket is gone, or could not be made. */
  | ({ readonly type: 'ended' } & Ending)
  /** It is `wakeAtMs`. */
  | { readonly type: 'timer' }
  /** The browser has a network, or has none. */
  | { readonly type: 'online' | 'offline' }
  /** The page can be seen again, or came back out of the back-forward cache. */
  | { readonly type: 'shown' }
  /** The page was left, and may go into the back-forward cache. */
  | { readonly type: 'left' }
  /** The application closes. */
  | ({ readonly type: 'close' } & Ending);
export type MachineEventType = MachineEvent['type'];

export type Effect =
  | 'open-socket'
  | 'drop-socket'
  /** Write what waits. */
  | 'flush'
  /** Give up what waits. */
  | 'discard';

/** Time, chance and settings: what a transition depends on besides state and event. */
export interface Circumstances {
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
  /** What the browser says of the network. It tells `offline` from `waiting`; it never forbids an attempt. */
  readonly online: boolean;
  readonly minMs: number;
  readonly maxMs: number;
  readonly stableAfterMs: number;
  readonly connectTimeoutMs: number;
}

export interface Transition {
  readonly state: MachineState;
  /** In order. */
  readonly effects: readonly Effect[];
}

type EventOf<T extends MachineEventType> = MachineEvent & { readonly type: T };
type Rule<E> = (state: MachineState, event: E, circumstances: Circumstances) => Transition;

export const initialState: MachineState = {
  name: 'idle',
  failures: 0,
  wakeAtMs: undefined,
  openedAtMs: 0,
  last: undefined,
  retryAfterMs: undefined,
};

/** The most that a timer takes; past it, it fires at once. */
export const greatestMs = 2 ** 31 - 1;

const move = (
  state: MachineState,
  changes: Partial<MachineState> & Pick<MachineState, 'name'>,
  ...effects: Effect[]
): Transition => ({ state: { ...state, wakeAtMs: undefined, retryAfterMs: undefined, ...changes }, effects });

const stay = (state: MachineState): Transition => ({ state, effects: [] });

const begin: Rule<unknown> = (state, _event, { nowMs, connectTimeoutMs }) =>
  move(state, { name: 'connecting', wakeAtMs: nowMs + connectTimeoutMs }, 'open-socket');

/** What failed before says nothing of this attempt: the network is back, or somebody starts from the beginning. */
const beginAnew: Rule<unknown> = (state, event, circumstances) =>
  begin({ ...state, failures: 0, last: undefined }, event, circumstances);

const open: Rule<unknown> = (state, _event, { nowMs }) =>
  move(state, { name: 'open', openedAtMs: nowMs, last: undefined }, 'flush');

const remember: Rule<{ readonly retryAfterMs: number }> = (state, { retryAfterMs }) => ({
  state: { ...state, retryAfterMs },
  effects: [],
});

/**
 * Full jitter: anything between nothing and a ceiling that doubles. After a restart of the broker everybody
 * comes back, and only an even spread keeps them from coming in step again and again. A broker that says when
 * to come back has spread them itself.
 */
const lose = (
  state: MachineState,
  { code, reason }: Ending,
  { nowMs, random, online, minMs, maxMs, stableAfterMs }: Circumstances,
): Transition => {
  const atPeace = state.name === 'open' && nowMs - state.openedAtMs >= stableAfterMs;
  const failures = atPeace ? 1 : state.failures + 1;
  const { retryAfterMs } = state;
  const waitMs =
    retryAfterMs === undefined
      ? random * Math.min(maxMs, minMs * 2 ** (failures - 1))
      : Math.min(greatestMs, retryAfterMs + random * minMs);
  return move(state, {
    name: online ? 'waiting' : 'offline',
    failures,
    wakeAtMs: nowMs + waitMs,
    last: { code, reason },
  });
};

const finish = (state: MachineState, { code, reason }: Ending, ...effects: Effect[]): Transition =>
  move(state, { name: 'closed', failures: 0, last: { code, reason } }, ...effects, 'discard');

const ended: Rule<Ending> = (state, event, circumstances) =>
  mayReconnect(event.code) ? lose(state, event, circumstances) : finish(state, event);

const giveUp = (state: MachineState, reason: string, circumstances: Circumstances): Transition => ({
  ...lose(state, { code: abnormalClosure, reason }, circumstances),
  effects: ['drop-socket'],
});

const timedOut: Rule<unknown> = (state, _event, circumstances) =>
  giveUp(state, `no answer within ${circumstances.connectTimeoutMs} ms`, circumstances);

/** The socket would take minutes to notice. */
const networkLost: Rule<unknown> = (state, _event, circumstances) =>
  giveUp(state, 'offline', { ...circumstances, online: false });

const suspend: Rule<unknown> = (state) => move(state, { name: 'suspended' }, 'drop-socket');

const close: Rule<Ending> = (state, event) => finish(state, event, 'drop-socket');

/** Every event in every state. Where nothing happens, the event either changes nothing or cannot come. */
const table = {
  idle: {
    connect: beginAnew,
    opened: stay,
    bye: stay,
    ended: stay,
    timer: stay,
    online: stay,
    offline: stay,
    shown: stay,
    left: stay,
    close,
  },
  connecting: {
    connect: stay,
    opened: open,
    bye: stay,
    ended,
    timer: timedOut,
    online: stay,
    offline: networkLost,
    shown: stay,
    left: suspend,
    close,
  },
  open: {
    connect: stay,
    opened: stay,
    bye: remember,
    ended,
    timer: stay,
    online: stay,
    offline: networkLost,
    shown: stay,
    left: suspend,
    close,
  },
  waiting: {
    connect: begin,
    opened: stay,
    bye: stay,
    ended: stay,
    timer: begin,
    online: beginAnew,
    offline: (state) => move(state, { name: 'offline', wakeAtMs: state.wakeAtMs }),
    shown: begin,
    left: suspend,
    close,
  },
  offline: {
    connect: begin,
    opened: stay,
    bye: stay,
    ended: stay,
    // Browsers are wrong at times, and a broker on this machine needs no network: the attempts go on.
    timer: begin,
    online: beginAnew,
    offline: stay,
    shown: begin,
    left: suspend,
    close,
  },
  suspended: {
    connect: stay,
    opened: stay,
    bye: stay,
    ended: stay,
    timer: stay,
    online: stay,
    offline: stay,
    shown: begin,
    left: stay,
    close,
  },
  closed: {
    connect: beginAnew,
    opened: stay,
    bye: stay,
    ended: stay,
    timer: stay,
    online: stay,
    offline: stay,
    shown: stay,
    left: stay,
    close: stay,
  },
} satisfies Record<StateName, { [T in MachineEventType]: Rule<EventOf<T>> }>;

/** The next state, and what is to be done on the way. */
export const transition = (
  state: MachineState,
  event: MachineEvent,
  circumstances: Circumstances,
): Transition => {
  // TypeScript cannot see that event and rule belong together; `satisfies` has checked each of them.
  const rule = table[state.name][event.type] as Rule<MachineEvent>;
  return rule(state, event, circumstances);
};
