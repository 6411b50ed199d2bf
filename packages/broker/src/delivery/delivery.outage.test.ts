import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { delivered, lost, refused, retry } from '../../test/fake-backend.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { pushSettling, type StartOptions, startDelivery } from '../../test/start-delivery.ts';
import type { Answer, Delivery as Attempt } from '../backend/backend.ts';
import type { Fate } from './queued-event.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const open = new AbortController().signal;

/** A backend that takes its time and can be killed; what it was sent, and how much at once. */
class World {
  readonly clock = new FakeClock();
  isUp = true;
  tookMs = 5;
  posts = 0;
  inFlight = 0;
  mostInFlight = 0;
  readonly arrived = new Map<string, number[]>();
  #cuts = new Set<() => void>();

  /** How the backend answers what reaches it. */
  answer: (attempt: Attempt) => Answer | 'hang' = () => delivered();

  kill(): void {
    this.isUp = false;
    for (const cut of this.#cuts) cut();
  }

  readonly take = async (attempt: Attempt): Promise<Answer> => {
    this.posts += 1;
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      return await this.#post(attempt);
    } finally {
      this.inFlight -= 1;
    }
  };

  async #post(attempt: Attempt): Promise<Answer> {
    await this.clock.wait(0.5, open);
    if (!this.isUp) return lost('unreachable');
    const answer = this.answer(attempt);
    const { promise: cut, resolve } = Promise.withResolvers<Answer>();
    const cutNow = (): void => resolve(lost('cut'));
    this.#cuts.add(cutNow);
    const waited = this.clock.wait(answer === 'hang' ? 30_000 : this.tookMs, open);
    const given = await Promise.race([
      cut,
      waited.then(() => (answer === 'hang' ? lost('no-answer') : answer)),
    ]);
    this.#cuts.delete(cutNow);
    if (given.outcome === 'delivered') {
      const [key, n] = attempt.id.split('-') as [string, string];
      const own = this.arrived.get(key) ?? [];
      this.arrived.set(key, own);
      own.push(Number(n));
    }
    return given;
  }
}

const startWorld = (more: StartOptions = {}) => {
  const world = new World();
  const changes: boolean[] = [];
  const started = startDelivery({ answer: world.take, clock: world.clock, ...more });
  started.delivery.onBackendChange = (isDown) => changes.push(isDown);
  const fates = new Map<string, Fate[]>();
  const queues = new Map<string, ReturnType<typeof started.open>['queue']>();
  const send = (key: string, n: number): void => {
    const queue = queues.get(key) ?? started.open(key).queue;
    queues.set(key, queue);
    const id = `${key}-${n}`;
    fates.set(id, pushSettling(queue, { id }));
  };
  /** Every event so far has one fate, and it is this. */
  const allAre = (outcome: Fate['outcome']): void => {
    const others = [...fates].filter(([, own]) => own.length !== 1 || own[0]?.outcome !== outcome);
    expect(others).toEqual([]);
  };
  return { ...started, world, changes, send, fates, allAre };
};

test('1,000 connections while the backend is down: one request at a time; at its return no more than the slots', async () => {
  const { world, clock, send, allAre, changes, delivery } = startWorld({ maxRequests: 32 });
  world.kill();
  for (const c of range(1_000)) for (const n of range(3)) send(`c${c}`, n);
  await clock.advance(1);
  // Those that found out at once, and one in the place of the first.
  expect(world.posts).toBeLessThanOrEqual(33);
  expect(delivery.isBackendDown).toBe(true);
  const found = world.posts;
  world.mostInFlight = 0;
  await clock.advance(60_000);
  expect(world.mostInFlight).toBe(1);
  // 100 ms, 200 ms … 2 s: one every two seconds.
  expect(world.posts - found).toBeLessThanOrEqual(36);
  world.isUp = true;
  world.posts = 0;
  await clock.advance(4_000);
  allAre('delivered');
  expect(world.mostInFlight).toBeLessThanOrEqual(32);
  expect(world.posts).toBe(3_000);
  expect([...world.arrived.values()]).toEqual(range(1_000).map(() => [0, 1, 2]));
  expect(changes).toEqual([true, false]);
});

test('a backend that is killed every 500 ms under load: nothing lost, nothing out of order, POSTs at most 1.10 × events', async () => {
  const { world, clock, send, allAre } = startWorld({ maxRequests: 32, random: Math.random });
  const rounds = 40;
  for (const round of range(rounds)) {
    // 2,000 events a second of 400 connections: 20 each 10 ms.
    for (const tick of range(50)) {
      if (tick === 40) world.kill();
      if (tick === 45) world.isUp = true;
      for (const n of range(20)) send(`c${(tick * 20 + n) % 400}`, round * 50 + tick);
      await clock.advance(10);
    }
  }
  await clock.advance(10_000);
  allAre('delivered');
  const events = rounds * 1_000;
  expect(world.posts).toBeLessThanOrEqual(1.1 * events);
  for (const own of world.arrived.values()) expect(own).toEqual(own.toSorted((a, b) => a - b));
  expect(world.mostInFlight).toBeLessThanOrEqual(64);
});

test.each([
  [10, 32],
  [40, 32],
])(
  'the requests of %i of 1,000 connections hang, with %i slots: the others go on',
  async (hanging, maxRequests) => {
    const { world, clock, send, fates, changes } = startWorld({ maxRequests });
    world.answer = ({ id }) => (id.startsWith('h') ? 'hang' : delivered());
    for (const c of range(hanging)) send(`h${c}`, 0);
    for (const n of range(30)) {
      for (const c of range(1_000 - hanging)) send(`c${c}`, n);
      await clock.advance(1_000);
    }
    await clock.advance(3_000);
    const waiting = [...fates].filter(([id, own]) => !id.startsWith('h') && own.length === 0);
    expect(waiting).toEqual([]);
    expect(changes).toEqual([]);
    expect(world.mostInFlight).toBeLessThanOrEqual(2 * maxRequests);
    // For as long as they hang: their requests end after 30 s, and begin again.
    for (const n of range(60)) {
      for (const c of range(100)) send(`c${c}`, 100 + n);
      await clock.advance(1_000);
    }
    await clock.advance(2_000);
    expect([...fates].filter(([id, own]) => !id.startsWith('h') && own.length === 0)).toEqual([]);
    expect(changes).toEqual([]);
  },
);

test('a poison event while others succeed: a dead letter after 8 attempts; the next goes; it was never an outage', async () => {
  const { world, clock, send, fates, changes, delivery } = startWorld();
  world.answer = ({ id }) => (id === 'p-0' ? retry('status 500') : delivered());
  for (const n of range(3)) send('p', n);
  for (const n of range(300)) {
    send(`c${n % 50}`, n);
    await clock.advance(100);
  }
  expect(fates.get('p-0')).toEqual([
    { outcome: 'dead-letter', code: 'not-delivered', reason: 'status 500, tried 8 times' },
  ]);
  expect(world.arrived.get('p')).toEqual([1, 2]);
  expect(changes).toEqual([]);
  expect(delivery.deadLetters).toBe(1);
});

test('poison events as the first after an outage do not keep the backend down', async () => {
  const { world, clock, send, fates, changes } = startWorld();
  world.kill();
  const poison = range(4).map((c) => `p${c}`);
  for (const key of poison) send(key, 0);
  await clock.advance(5_000);
  expect(changes).toEqual([true]);
  world.isUp = true;
  world.answer = ({ id }) => (id.startsWith('p') ? retry('status 500') : delivered());
  for (const c of range(100)) send(`c${c}`, 0);
  for (const n of range(400)) {
    send(`c${n % 100}`, 1 + n);
    await clock.advance(100);
    if (n === 100) {
      for (const c of range(100)) expect(fates.get(`c${c}-0`)).toEqual([{ outcome: 'delivered' }]);
    }
  }
  for (const key of poison) expect(fates.get(`${key}-0`)).toMatchObject([{ outcome: 'dead-letter' }]);
  expect(changes).toEqual([true, false]);
});

test('even so many that they look like an outage are given up, and the others delivered', async () => {
  const { world, clock, send, fates, delivery } = startWorld();
  world.answer = ({ id }) => (id.startsWith('p') ? retry('status 500') : delivered());
  for (const c of range(20)) send(`p${c}`, 0);
  for (const n of range(600)) {
    send(`c${n % 50}`, n);
    await clock.advance(100);
  }
  await clock.advance(10_000);
  expect([...fates].filter(([id, own]) => id.startsWith('c') && own[0]?.outcome !== 'delivered')).toEqual([]);
  for (const c of range(20)) expect(fates.get(`p${c}-0`)).toMatchObject([{ outcome: 'dead-letter' }]);
  expect(delivery.isBackendDown).toBe(false);
});

test('an event that takes the backend down with it is given up in the end', async () => {
  const { world, clock, send, fates } = startWorld();
  world.answer = ({ id }) => {
    if (id !== 'p-0') return delivered();
    void clock.wait(1, open).then(() => world.kill());
    void clock.wait(300, open).then(() => (world.isUp = true));
    return 'hang';
  };
  send('p', 0);
  send('p', 1);
  for (const n of range(1_200)) {
    send(`c${n % 20}`, n);
    await clock.advance(50);
  }
  await clock.advance(30_000);
  expect(fates.get('p-0')).toMatchObject([
    {
      outcome: 'dead-letter',
      code: 'not-delivered',
      reason: expect.stringMatching(/^cut, tried \d+ times$/) as string,
    },
  ]);
  expect([...fates].filter(([, own]) => own[0]?.outcome !== 'delivered').map(([id]) => id)).toEqual(['p-0']);
});

const anyAnswer = fc.oneof(
  { weight: 6, arbitrary: fc.constant(delivered()) },
  { weight: 1, arbitrary: fc.constant(refused()) },
  { weight: 4, arbitrary: fc.constantFrom(retry(), lost('unreachable'), lost('cut'), lost('no-answer')) },
);

test('whatever the backend answers, and when: each event is settled once, in order, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ answer: anyAnswer, tookMs: fc.constantFrom(0, 1, 20, 1_200, 30_000) }), {
        maxLength: 120,
      }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 12 }),
      async (answers, maxRequests, connections) => {
        const left = [...answers];
        const clock = new FakeClock();
        const order = new Map<string, number[]>();
        const inFlight = new Set<string>();
        const { open: connect, delivery } = startDelivery({
          clock,
          maxRequests,
          settings: { maxEventAgeMs: 86_400_000 },
          answer: async ({ id }) => {
            const [key, n] = id.split('-') as [string, string];
            expect(inFlight.has(key)).toBe(false);
            inFlight.add(key);
            expect(inFlight.size).toBeLessThanOrEqual(2 * maxRequests);
            const { answer, tookMs } = left.pop() ?? { answer: delivered(), tookMs: 1 };
            await clock.wait(tookMs, open);
            inFlight.delete(key);
            if (answer.outcome === 'delivered') order.set(key, [...(order.get(key) ?? []), Number(n)]);
            return answer;
          },
        });
        const settledOrder = new Map<string, string[]>();
        const outcomes = new Map<string, string[]>();
        for (const c of range(connections)) {
          const { queue } = connect(`c${c}`);
          for (const n of range(4)) {
            const id = `c${c}-${n}`;
            const onSettled = (fate: Fate): void => {
              outcomes.set(id, [...(outcomes.get(id) ?? []), fate.outcome]);
              settledOrder.set(`c${c}`, [...(settledOrder.get(`c${c}`) ?? []), id]);
            };
            queue.push({ id, type: 'x', json: '{}', onSettled }, 1);
          }
        }
        await clock.advance(6 * 3_600_000);
        for (const c of range(connections)) {
          expect(settledOrder.get(`c${c}`)).toEqual(range(4).map((n) => `c${c}-${n}`));
          const deliveredOnes = range(4).filter((n) => outcomes.get(`c${c}-${n}`)?.[0] === 'delivered');
          expect(order.get(`c${c}`) ?? []).toEqual(deliveredOnes);
        }
        expect([...outcomes.values()].every((own) => own.length === 1)).toBe(true);
        const stopped = delivery.stop({ drainMs: 0 });
        await clock.advance(1_000);
        await stopped;
        expect(clock.nextMs).toBeUndefined();
      },
    ),
    { numRuns: 40 },
  );
});
