import { backoffMs } from './backoff.ts';

/*
 * Whether the backend is there, and how much is sent to it: pure, so that every case can be tested.
 *
 * What always holds:
 *  1. `limit` is `maxRequests` in `up`, 0 in `down`, and in `recovering` at least 1 and less than `maxRequests`.
 *  2. `probeAtMs` is there in `down` while no probe runs, and at no other time: there are never two probes.
 *  3. `up` is left for `down` alone: when `maxLost` requests in a row did not get through, or the requests of
 *     `maxFailing` connections in a row failed; no success came between.
 *  4. A request that failed while others were answered counts for nothing: that says more of it than of the
 *     backend. Nor does one that began before the last time the backend went down, unless it succeeds.
 *  5. `down` is left by a success alone, and any success will do.
 *  6. `recovering` is left for `down` by one request that did not get through, or as `up` is; for `up` when the
 *     next doubling would reach `maxRequests`.
 *  7. The wait for a probe is at most `retryMinMs` doubled with each failed probe, and at most `retryMaxMs` and
 *     `maxProbeWaitMs`; longer only when the backend asks for it, and then at most `maxRetryAfterMs`.
 *  8. A state is never changed, only replaced; an event that changes nothing gives the same object.
 */

type OutageStateName = 'up' | 'down' | 'recovering';

export interface OutageState {
  readonly name: OutageStateName;
  /** So many requests may run at once; in `down` there is only the probe. */
  readonly limit: number;
  /** Requests in a row that did not get through. */
  readonly lost: number;
  /** Connections whose requests failed in a row, each once. */
  readonly failing: readonly number[];
  /** Of this round of `recovering`; as many as `limit` double it. */
  readonly successes: number;
  readonly failedProbes: number;
  /** When the next probe is due. */
  readonly probeAtMs: number | undefined;
  /** How often the backend went down. */
  readonly outages: number;
}

/** What every request knows of itself when it ends. */
interface Ended {
  /** `outages` when it began. */
  readonly outages: number;
  /** How long the backend asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

export type OutageEvent =
  /** The backend has answered for good: it has processed an event, or refused it for ever. */
  | { readonly type: 'succeeded' }
  /** A request did not get through, or was cut off. */
  | ({ readonly type: 'lost' } & Ended)
  /** A request got no answer in time, or one that says not now. */
  | ({
      readonly type: 'failed';
      readonly connection: number;
      /** Whether another request succeeded while it ran. */
      readonly othersSucceeded: boolean;
    } & Ended)
  /** A request ended and says nothing about the backend: it was never sent. */
  | ({ readonly type: 'dropped' } & Ended)
  /** A probe is sent. */
  | { readonly type: 'probe-began' };
type OutageEventType = OutageEvent['type'];

/** Time, chance and settings: what a transition depends on besides state and event. */
export interface OutageCircumstances {
  readonly nowMs: number;
  /** From 0 to 1. */
  readonly random: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly maxRequests: number;
}

/** One reset may be a connection that the backend had just closed for being idle; two in a row are no accident. */
const maxLost = 2;

/** Fewer may be poison events, each of which fails for a reason of its own. */
export const maxFailing = 5;

/** One request for all connections is no burden, and everybody waits for it. */
export const maxProbeWaitMs = 2_000;

/** A backend that asks for more patience than this is asked again all the same. */
export const maxRetryAfterMs = 60_000;

type EventOf<T extends OutageEventType> = OutageEvent & { readonly type: T };
type Rule<E> = (state: OutageState, event: E, circumstances: OutageCircumstances) => OutageState;

export const upState = (maxRequests: number, outages = 0): OutageState => ({
  name: 'up',
  limit: maxRequests,
  lost: 0,
  failing: [],
  successes: 0,
  failedProbes: 0,
  probeAtMs: undefined,
  outages,
});

const stay = (state: OutageState): OutageState => state;

const isLate = (state: OutageState, { outages }: Ended): boolean => outages !== state.outages;

const probeTime = (
  failedProbes: number,
  { retryAfterMs = 0 }: Ended,
  { nowMs, random, retryMinMs: minMs, retryMaxMs }: OutageCircumstances,
): number => {
  const maxMs = Math.min(retryMaxMs, maxProbeWaitMs);
  const backoff = backoffMs(failedProbes, { minMs, maxMs }, () => random);
  return nowMs + Math.max(backoff, Math.min(retryAfterMs, maxRetryAfterMs));
};

const goDown = (state: OutageState, event: Ended, circumstances: OutageCircumstances): OutageState => ({
  name: 'down',
  limit: 0,
  lost: 0,
  failing: [],
  successes: 0,
  failedProbes: 0,
  probeAtMs: probeTime(0, event, circumstances),
  outages: state.outages + 1,
});

const forgive: Rule<unknown> = (state) =>
  state.lost === 0 && state.failing.length === 0 ? state : { ...state, lost: 0, failing: [] };

const lostWhileUp: Rule<EventOf<'lost'>> = (state, event, circumstances) => {
  if (isLate(state, event)) return state;
  const lost = state.lost + 1;
  return lost < maxLost ? { ...state, lost } : goDown(state, event, circumstances);
};

const failed: Rule<EventOf<'failed'>> = (state, event, circumstances) => {
  if (event.othersSucceeded || isLate(state, event) || state.failing.includes(event.connection)) return state;
  const failing = [...state.failing, event.connection];
  return failing.length < maxFailing ? { ...state, failing } : goDown(state, event, circumstances);
};

const lostWhileRecovering: Rule<EventOf<'lost'>> = (state, event, circumstances) =>
  isLate(state, event) ? state : goDown(state, event, circumstances);

const widen: Rule<unknown> = (state, _event, { maxRequests }) => {
  const successes = state.successes + 1;
  if (successes < state.limit) return { ...state, lost: 0, failing: [], successes };
  const limit = state.limit * 2;
  if (limit >= maxRequests) return upState(maxRequests, state.outages);
  return { ...state, limit, lost: 0, failing: [], successes: 0 };
};

const recover: Rule<unknown> = (state, _event, { maxRequests }) =>
  maxRequests === 1
    ? upState(maxRequests, state.outages)
    : { ...state, name: 'recovering', limit: 1, successes: 0, failedProbes: 0, probeAtMs: undefined };

const probeFailed: Rule<Ended> = (state, event, circumstances) => {
  // Of this outage, only the probe can be under way.
  if (isLate(state, event)) return state;
  const failedProbes = state.failedProbes + 1;
  return { ...state, failedProbes, probeAtMs: probeTime(failedProbes, event, circumstances) };
};

/** The turn of the next, at once. */
const probeDropped: Rule<Ended> = (state, event, { nowMs }) =>
  isLate(state, event) ? state : { ...state, probeAtMs: nowMs };

const probeBegan: Rule<unknown> = (state) => ({ ...state, probeAtMs: undefined });

/** Every event in every state. Where nothing happens, the event either changes nothing or cannot come. */
const table = {
  up: {
    succeeded: forgive,
    lost: lostWhileUp,
    failed,
    dropped: stay,
    'probe-began': stay,
  },
  recovering: {
    succeeded: widen,
    lost: lostWhileRecovering,
    failed,
    dropped: stay,
    'probe-began': stay,
  },
  down: {
    succeeded: recover,
    lost: probeFailed,
    failed: probeFailed,
    dropped: probeDropped,
    'probe-began': probeBegan,
  },
} satisfies Record<OutageStateName, { [T in OutageEventType]: Rule<EventOf<T>> }>;

/** The next state. */
export const outageTransition = (
  state: OutageState,
  event: OutageEvent,
  circumstances: OutageCircumstances,
): OutageState => {
  // TypeScript cannot see that event and rule belong together; `satisfies` has checked each of them.
  const rule = table[state.name][event.type] as Rule<OutageEvent>;
  return rule(state, event, circumstances);
};
