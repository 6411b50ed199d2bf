import type { SentState } from '@wsbroker/client-browser';
import type { ReplyOf, ServerMessageOf } from '@wsbroker/protocol';
import type { contract, Line, Person, RoomSummary } from '../contract.ts';
import { emptyLog, type RoomLog, withEarlier, withEnd, withLine } from './room-log.ts';

/** A line of one's own that is not in the history yet. */
export interface PendingLine {
  readonly id: string;
  readonly room: string;
  readonly text: string;
  readonly atMs: number;
}

/** How far a line of one's own has come, as the broker acknowledges it. */
export interface Tick {
  readonly state: SentState;
  /** Why it failed. */
  readonly problem?: string;
}

/** Who one wants to be, and where. */
export interface Wish {
  readonly name: string;
  readonly room: string;
}

export interface Refusal {
  readonly name: string;
  readonly text: string;
}

export interface ChatState {
  /** Missing: nobody has said who they are. */
  readonly wish: Wish | undefined;
  /** What the backend said of us. It stays while the socket is away. */
  readonly me: Person | undefined;
  /** The wish was granted, and on this connection: what is said in the room is heard here. */
  readonly isEntered: boolean;
  /** The name that could not be had, and why. */
  readonly refusal: Refusal | undefined;
  readonly rooms: readonly RoomSummary[];
  /** Who is in the room. */
  readonly people: readonly Person[];
  /** By room; maps, since a room may be called `constructor`. */
  readonly logs: ReadonlyMap<string, RoomLog>;
  readonly isLoadingEarlier: boolean;
  /** Heard before the room's history came. */
  readonly heardEarly: readonly Line[];
  readonly pending: readonly PendingLine[];
  /** Of lines that are still on their way, by id. One that is in the history and not in here is delivered. */
  readonly ticks: ReadonlyMap<string, Tick>;
  /** Lines said in other rooms since they were left, and the last of them. */
  readonly unread: ReadonlyMap<string, { readonly lines: number; readonly seq: number }>;
}

/** Nothing more becomes of it by itself. */
export const isSettled = ({ state }: Tick): boolean => state === 'delivered' || state === 'failed';

export type StateReply = ReplyOf<typeof contract, 'state'>;

export type ChatAction =
  | ServerMessageOf<typeof contract>
  | { readonly type: 'wished'; readonly wish: Wish | undefined }
  /** What the backend has sent may not have come here. */
  | { readonly type: 'lost' }
  | { readonly type: 'fetched'; readonly state: StateReply }
  | { readonly type: 'wrote'; readonly line: PendingLine }
  | { readonly type: 'moved'; readonly id: string; readonly tick: Tick }
  | { readonly type: 'asked-earlier' };

export const initialState = (wish: Wish | undefined, pending: readonly PendingLine[] = []): ChatState => ({
  wish,
  me: undefined,
  isEntered: false,
  refusal: undefined,
  rooms: [],
  people: [],
  logs: new Map(),
  isLoadingEarlier: false,
  heardEarly: [],
  pending,
  ticks: new Map(),
  unread: new Map(),
});

/** How far a line of one's own has come. */
export const tickOf = ({ ticks, pending }: Pick<ChatState, 'ticks' | 'pending'>, id: string): Tick =>
  ticks.get(id) ?? { state: pending.some((line) => line.id === id) ? 'queued' : 'delivered' };

/** What the page shows, after each message of the backend and each act of the person. */
export const reduce = (state: ChatState, action: ChatAction): ChatState => {
  switch (action.type) {
    case 'wished':
      return wished(state, action.wish);
    case 'lost':
      return { ...state, isEntered: false, isLoadingEarlier: false, heardEarly: [] };
    case 'fetched':
      return fetched(state, action.state);
    case 'wrote':
      return { ...state, pending: [...state.pending, action.line] };
    case 'moved':
      return moved(state, action.id, action.tick);
    case 'asked-earlier':
      return { ...state, isLoadingEarlier: true };
    case 'entered':
      return entered(state, action);
    case 'name-taken':
      // Without a granted wish there is nothing to go back to: the person is asked anew.
      return {
        ...state,
        refusal: { name: action.name, text: action.text },
        wish: state.isEntered && state.me && state.wish ? { ...state.wish, name: state.me.name } : undefined,
      };
    case 'said':
      return said(state, action.line);
    case 'earlier':
      return {
        ...withLog(state, action.room, (log) => withEarlier(log, action)),
        isLoadingEarlier: false,
      };
    case 'people':
      return action.room === state.wish?.room ? { ...state, people: action.people } : state;
    case 'rooms':
      return { ...state, rooms: action.rooms };
    case 'stirred':
      return stirred(state, action);
    case 'not-said':
      // It stays pending, and is sent again when this connection has entered.
      return moved(state, action.id, { state: 'queued' });
    // Shown by those who listen for it themselves.
    case 'typing':
      return state;
  }
};

const wished = (state: ChatState, wish: Wish | undefined): ChatState => {
  const isSameRoom = wish?.room === state.wish?.room;
  return {
    ...state,
    wish,
    refusal: undefined,
    isEntered: isSameRoom && state.isEntered && wish !== undefined,
    people: isSameRoom ? state.people : [],
    isLoadingEarlier: isSameRoom && state.isLoadingEarlier,
    heardEarly: [],
  };
};

const entered = (
  state: ChatState,
  { user, name, room, lines, hasEarlier }: Extract<ChatAction, { type: 'entered' }>,
): ChatState => {
  const me = { user, name };
  const confirmed = lines.reduce(without, { ...state, me });
  // An answer to a wish that has changed since: the one to the new wish is on its way.
  if (room !== state.wish?.room) return confirmed;
  const unread = new Map(state.unread);
  unread.delete(room);
  const heard = state.heardEarly.filter((line) => line.room === room);
  return withLog({ ...confirmed, isEntered: true, refusal: undefined, unread, heardEarly: [] }, room, (log) =>
    heard.reduce(withLine, withEnd(log, { lines, hasEarlier })),
  );
};

const fetched = (state: ChatState, { me, people, rooms, ...end }: StateReply): ChatState => {
  if (me === null) return state;
  const next = { ...state, rooms, people: end.room === state.wish?.room ? people : state.people };
  // The wish has changed since, or is not known there yet: an `entered` is on its way.
  if (me.room !== state.wish?.room) return next;
  return entered(next, { type: 'entered', ...end, user: me.user, name: me.name });
};

const moved = (state: ChatState, id: string, tick: Tick): ChatState => {
  const ticks = new Map(state.ticks);
  // What is in the history was processed, whatever else is said of it.
  const isKept = !state.pending.some((line) => line.id === id);
  if (isKept && isSettled(tick)) ticks.delete(id);
  else ticks.set(id, tick);
  return { ...state, ticks };
};

const said = (state: ChatState, line: Line): ChatState => {
  const next = without(state, line);
  // The echo of a line for a room that was left. To put it into that room's log could leave a gap before it.
  if (line.room !== state.wish?.room) return next;
  if (!state.isEntered) return { ...next, heardEarly: [...state.heardEarly, line] };
  return withLog(next, line.room, (log) => withLine(log, line));
};

const stirred = (state: ChatState, { room, seq }: { room: string; seq: number }): ChatState => {
  const before = state.unread.get(room) ?? { lines: 0, seq: 0 };
  // The same line may be told twice.
  if (room === state.wish?.room || seq <= before.seq) return state;
  return { ...state, unread: new Map(state.unread).set(room, { lines: before.lines + 1, seq }) };
};

const withLog = (state: ChatState, room: string, change: (log: RoomLog) => RoomLog): ChatState => ({
  ...state,
  logs: new Map(state.logs).set(room, change(state.logs.get(room) ?? emptyLog)),
});

/** Without the pending line that this one is. Ids are the clients' choice, so the author must fit too. */
const without = (state: ChatState, { id, user }: Line): ChatState => {
  if (user !== state.me?.user || !state.pending.some((line) => line.id === id)) return state;
  const ticks = new Map(state.ticks);
  const { state: progress = 'delivered' } = ticks.get(id) ?? {};
  if (progress !== 'sent' && progress !== 'acknowledged') ticks.delete(id);
  return { ...state, ticks, pending: state.pending.filter((line) => line.id !== id) };
};
