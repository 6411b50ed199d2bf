import { expect, test } from 'vitest';
import type { Line } from '../contract.ts';
import {
  type ChatAction,
  type ChatState,
  initialState,
  type PendingLine,
  reduce,
  type StateReply,
  tickOf,
} from './chat-state.ts';

const me = { user: 'me', name: 'Ada' };
const wish = { name: 'Ada', room: 'lobby' };
const line = (seq: number, change: Partial<Line> = {}): Line => ({
  seq,
  id: `line-${seq}`,
  room: 'lobby',
  user: 'bob',
  name: 'Bob',
  text: String(seq),
  atMs: seq,
  ...change,
});
const pendingLine = (id: string, change: Partial<PendingLine> = {}): PendingLine => ({
  id,
  room: 'lobby',
  text: id,
  atMs: 1,
  ...change,
});
const entered = (lines: Line[] = [], room = 'lobby', name = 'Ada'): ChatAction => ({
  type: 'entered',
  user: 'me',
  name,
  room,
  lines,
  hasEarlier: false,
});
const said = (heard: Line): ChatAction => ({ type: 'said', line: heard });
const run = (...actions: ChatAction[]): ChatState => actions.reduce(reduce, initialState(wish));
const seqs = (state: ChatState, room = 'lobby'): number[] | undefined =>
  state.logs.get(room)?.lines.map(({ seq }) => seq);

test('nothing is shown before the backend has let one in', () => {
  const state = run();
  expect(state.isEntered).toBe(false);
  expect(seqs(state)).toBeUndefined();
  expect(run(entered()).me).toEqual(me);
});

test('what is heard before the history comes is shown after it, once, and leaves no gap', () => {
  const before = run(entered([line(1)]), { type: 'lost' }, said(line(301)));
  expect(seqs(before)).toEqual([1]);
  // 2 to 200 were said while there was no socket: 301 must not make the two touch.
  const end = Array.from({ length: 100 }, (_, at) => line(201 + at));
  expect(seqs(reduce(before, entered(end)))).toEqual([...end.map(({ seq }) => seq), 301]);
  expect(seqs(reduce(before, entered([...end.slice(1), line(301)])))?.at(-1)).toBe(301);
});

test("one's own line is pending until it comes back, also when it comes with the history", () => {
  const wrote = run(entered(), { type: 'wrote', line: pendingLine('line-a') });
  expect(wrote.pending).toHaveLength(1);
  const mine = line(5, { id: 'line-a', user: 'me' });
  expect(reduce(wrote, said(mine)).pending).toEqual([]);
  const again = reduce(reduce(wrote, { type: 'lost' }), entered([mine]));
  expect(again.pending).toEqual([]);
  expect(seqs(again)).toEqual([5]);
});

test("a line of somebody else with the same id is not one's own", () => {
  const wrote = run(entered(), { type: 'wrote', line: pendingLine('line-a') });
  const state = reduce(wrote, said(line(5, { id: 'line-a' })));
  expect(state.pending).toHaveLength(1);
  expect(seqs(state)).toEqual([5]);
});

test('a confirmed line of a room that was left does not get into its log, where it could hide a gap', () => {
  const state = run(
    entered([line(1)]),
    { type: 'wrote', line: pendingLine('line-a') },
    { type: 'wished', wish: { name: 'Ada', room: 'coffee' } },
    said(line(50, { id: 'line-a', user: 'me' })),
  );
  expect(state.pending).toEqual([]);
  expect(seqs(state)).toEqual([1]);
});

test('the same line said twice is shown once', () => {
  expect(seqs(run(entered(), said(line(1)), said(line(1))))).toEqual([1]);
});

test('where something may have been missed everything stays, but the certainty to be in the room', () => {
  const state = run(
    entered([line(1)]),
    { type: 'people', room: 'lobby', people: [me] },
    { type: 'wrote', line: pendingLine('line-a') },
    { type: 'lost' },
  );
  expect(state).toMatchObject({ isEntered: false, me, people: [me] });
  expect(state.pending).toHaveLength(1);
});

const reply = (lines: Line[], change: Partial<StateReply> = {}): ChatAction => ({
  type: 'fetched',
  state: {
    me: { ...me, room: 'lobby' },
    room: 'lobby',
    lines,
    hasEarlier: false,
    people: [me],
    rooms: [{ room: 'lobby', people: 1 }],
    ...change,
  },
});

test('the state that is fetched after a gap brings the lines, the people, and what of oneself had arrived', () => {
  const missed = [line(1), line(2), line(3, { id: 'line-a', user: 'me' })];
  const state = run(
    entered([line(1)]),
    { type: 'wrote', line: pendingLine('line-a') },
    { type: 'lost' },
    said(line(4)),
    reply(missed),
  );
  expect(seqs(state)).toEqual([1, 2, 3, 4]);
  expect(state).toMatchObject({ isEntered: true, pending: [], people: [me] });
  expect(state.rooms).toEqual([{ room: 'lobby', people: 1 }]);
});

test('a fetched state of another room, or for a stranger, opens nothing', () => {
  const elsewhere = reply([line(1)], { me: { ...me, room: 'coffee' }, room: 'coffee', people: [] });
  expect(run(entered(), { type: 'lost' }, elsewhere).isEntered).toBe(false);
  expect(run(entered(), { type: 'lost' }, reply([], { me: null })).isEntered).toBe(false);
});

test("a line's tick is what the broker has said last, whether the line or the second tick comes first", () => {
  const moved = (state: 'sent' | 'acknowledged' | 'delivered'): ChatAction => ({
    type: 'moved',
    id: 'line-a',
    tick: { state },
  });
  const mine = line(5, { id: 'line-a', user: 'me' });
  const wrote = run(entered(), { type: 'wrote', line: pendingLine('line-a') });
  const tick = (state: ChatState): string => tickOf(state, 'line-a').state;
  expect(tick(wrote)).toBe('queued');
  const sent = reduce(wrote, moved('sent'));
  expect(tick(sent)).toBe('sent');
  const acknowledged = reduce(sent, moved('acknowledged'));
  const echoed = reduce(acknowledged, said(mine));
  expect(tick(echoed)).toBe('acknowledged');
  expect(tick(reduce(echoed, moved('delivered')))).toBe('delivered');
  const deliveredFirst = reduce(acknowledged, moved('delivered'));
  expect(tick(deliveredFirst)).toBe('delivered');
  for (const done of [reduce(echoed, moved('delivered')), reduce(deliveredFirst, said(mine))]) {
    expect(done).toMatchObject({ pending: [], ticks: new Map() });
    expect(tick(done)).toBe('delivered');
  }
});

test('a line in the history is delivered, even where its end was lost with a connection', () => {
  const failed: ChatAction = { type: 'moved', id: 'line-a', tick: { state: 'failed', problem: 'lost' } };
  const mine = line(5, { id: 'line-a', user: 'me' });
  const wrote = run(entered(), { type: 'wrote', line: pendingLine('line-a') });
  expect(tickOf(reduce(wrote, failed), 'line-a')).toEqual({ state: 'failed', problem: 'lost' });
  expect(tickOf(reduce(reduce(wrote, failed), said(mine)), 'line-a').state).toBe('delivered');
  expect(tickOf(reduce(reduce(wrote, said(mine)), failed), 'line-a').state).toBe('delivered');
});

test('a taken name leads back to the start, or to the name one has', () => {
  const taken: ChatAction = { type: 'name-taken', name: 'Bob', text: 'taken' };
  expect(run(taken)).toMatchObject({ wish: undefined, refusal: { name: 'Bob', text: 'taken' } });
  const renamed = run(entered(), { type: 'wished', wish: { name: 'Bob', room: 'lobby' } }, taken);
  expect(renamed).toMatchObject({ wish, isEntered: true, refusal: { name: 'Bob' } });
  expect(reduce(renamed, { type: 'wished', wish }).refusal).toBeUndefined();
});

test('an answer to a wish that has changed since does not open the wrong room', () => {
  const state = run({ type: 'wished', wish: { name: 'Ada', room: 'coffee' } }, entered([line(1)], 'lobby'));
  expect(state.isEntered).toBe(false);
  expect(seqs(state)).toBeUndefined();
});

test('people of another room are not shown in this one', () => {
  const people: ChatAction = { type: 'people', room: 'lobby', people: [me] };
  const state = run(entered(), people, { type: 'wished', wish: { name: 'Ada', room: 'coffee' } });
  expect(state.people).toEqual([]);
  expect(reduce(state, people).people).toEqual([]);
});

test('lines of other rooms are counted once each, until one goes there', () => {
  const stirred = (seq: number, room = 'coffee'): ChatAction => ({ type: 'stirred', room, seq });
  const state = run(entered(), stirred(7), stirred(7), stirred(8), stirred(9, 'lobby'));
  expect([...state.unread]).toEqual([['coffee', { lines: 2, seq: 8 }]]);
  const gone = [{ type: 'wished', wish: { name: 'Ada', room: 'coffee' } } as const, entered([], 'coffee')];
  expect(gone.reduce(reduce, state).unread.size).toBe(0);
});

test('earlier lines are put before, and a room may have any name', () => {
  const room = 'constructor';
  const state = run(
    { type: 'wished', wish: { name: 'Ada', room } },
    entered([line(3, { room })], room),
    { type: 'asked-earlier' },
    { type: 'earlier', room, lines: [line(1, { room })], hasEarlier: false },
  );
  expect(seqs(state, room)).toEqual([1, 3]);
  expect(state.isLoadingEarlier).toBe(false);
});
