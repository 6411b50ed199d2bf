import { expect, test } from 'vitest';
import { check, type FaultKind, faultKinds, faultsIn } from './checker.ts';
import { History } from './history.ts';

const clients = ['ada', 'bob', 'eve'];
const count = 20;

/** Everybody says twenty things, each is echoed to all, every third attempt is repeated: as it should be. */
const cleanHistory = (): History => {
  const history = new History();
  for (const client of clients) {
    history.opened(client, `key-${client}`);
    history.connectionEvents.push({
      type: 'session-connect',
      id: `${client}-0`,
      connection: `key-${client}`,
    });
  }
  for (let n = 1; n <= count; n += 1) {
    for (const client of clients) {
      history.sent.push({ client, n });
      history.acknowledged.push({ client, n });
      const arrival = { client, n, id: `${client}-${n}`, connection: `key-${client}` };
      history.arrivals.push(arrival, ...(n % 3 === 0 ? [arrival] : []));
      for (const to of clients) {
        history.sentDown.push({ from: client, n, to });
        history.arrivedDown.push({ from: client, n, to, at: to });
      }
    }
  }
  for (const client of clients) {
    const event = {
      type: 'session-disconnect',
      id: `${client}-${count + 1}`,
      connection: `key-${client}`,
    } as const;
    history.connectionEvents.push(event, event);
  }
  return history;
};

const arrivalOf = (history: History, client: string, n: number): number =>
  history.arrivals.findIndex((arrival) => arrival.client === client && arrival.n === n);
const downOf = (history: History, from: string, n: number): number =>
  history.arrivedDown.findIndex((arrival) => arrival.from === from && arrival.n === n);

const swap = (list: unknown[], a: number, b: number): void => {
  [list[a], list[b]] = [list[b], list[a]];
};

const seeds: [what: string, kind: FaultKind, seed: (history: History) => void][] = [
  ['an acknowledged message that never arrives', 'lost', (h) => h.arrivals.splice(arrivalOf(h, 'bob', 7), 1)],
  [
    'a message under the id of another one',
    'lost',
    (h) => Object.assign(h.arrivals[arrivalOf(h, 'bob', 7)]!, { id: 'bob-5' }),
  ],
  [
    'a message under two ids',
    'repeated',
    (h) => h.arrivals.push({ ...h.arrivals[arrivalOf(h, 'bob', 7)]!, id: 'bob-other' }),
  ],
  [
    'two messages of a client in the wrong order',
    'reordered',
    (h) => swap(h.arrivals, arrivalOf(h, 'bob', 7), arrivalOf(h, 'bob', 8)),
  ],
  [
    'an arrival that nobody sent',
    'phantom',
    (h) => h.arrivals.push({ client: 'bob', n: count + 1, id: 'bob-x', connection: 'key-bob' }),
  ],
  [
    "a message under somebody else's connection",
    'misdelivered',
    (h) => Object.assign(h.arrivals[arrivalOf(h, 'bob', 7)]!, { connection: 'key-eve' }),
  ],
  ['a downward message that never arrives', 'lost', (h) => h.arrivedDown.splice(downOf(h, 'bob', 7), 1)],
  [
    'a downward message that arrives twice',
    'repeated',
    (h) => h.arrivedDown.push(h.arrivedDown[downOf(h, 'bob', 7)]!),
  ],
  [
    'two downward messages in the wrong order',
    'reordered',
    (h) => swap(h.arrivedDown, downOf(h, 'bob', 7), downOf(h, 'bob', 8)),
  ],
  [
    'a downward message that nobody sent',
    'phantom',
    (h) => h.arrivedDown.push({ from: 'bob', n: count + 1, to: 'ada', at: 'ada' }),
  ],
  [
    'a downward message at another client',
    'misdelivered',
    (h) => h.arrivedDown.push({ from: 'bob', n: 7, to: 'ada', at: 'eve' }),
  ],
  ['a connect without a disconnect', 'unpaired', (h) => h.connectionEvents.splice(-2, 2)],
  [
    'two disconnects under two ids',
    'unpaired',
    (h) => h.connectionEvents.push({ type: 'session-disconnect', id: 'eve-x', connection: 'key-eve' }),
  ],
  ['a disconnect without a connect', 'unpaired', (h) => h.connectionEvents.shift()],
  ['a disconnect before its connect', 'unpaired', (h) => swap(h.connectionEvents, 0, clients.length)],
];

test('finds nothing in a clean history with repeats under the same id', () => {
  expect(faultsIn(check(cleanHistory()))).toEqual([]);
});

test.for(seeds)('finds %s, as %s and as nothing else', ([, kind, seed]) => {
  const history = cleanHistory();
  seed(history);
  const report = check(history);
  const others = faultKinds.filter((other) => other !== kind).flatMap((other) => report[other]);
  expect(report[kind].length).toBeGreaterThan(0);
  expect(others).toEqual([]);
});

test('one fault is reported once', () => {
  const history = cleanHistory();
  history.arrivals.splice(arrivalOf(history, 'bob', 7), 1);
  expect(faultsIn(check(history))).toEqual(['lost: bob #7']);
});

test('what was never acknowledged, or was told to have failed, is not lost', () => {
  const history = cleanHistory();
  history.sent.push({ client: 'ada', n: count + 1 }, { client: 'ada', n: count + 2 });
  history.acknowledged.push({ client: 'ada', n: count + 2 });
  history.failed.push({ client: 'ada', n: count + 2 });
  expect(faultsIn(check(history))).toEqual([]);
});

test('a client that was told of a gap may miss messages and get some twice', () => {
  const history = cleanHistory();
  history.excuseDown('ada');
  history.arrivedDown.push(history.arrivedDown[downOf(history, 'bob', 7)]!);
  history.arrivedDown.splice(downOf(history, 'bob', 8), 1);
  expect(faultsIn(check(history))).toEqual([]);
});
