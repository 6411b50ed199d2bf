import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  batchLost,
  batchRefused,
  delivered,
  FakeBatches,
  lost,
  refused,
  retry,
} from '../../test/fake-backend.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { startDelivery } from '../../test/start-delivery.ts';
import type { Answer, BatchAnswer, Delivery as Attempt } from '../backend/backend.ts';
import type { Fate } from './queued-event.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const open = new AbortController().signal;

type BatchChance = 'done' | 'nulls' | 'all null' | BatchAnswer;

const anyBatchAnswer = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<BatchChance>('done', 'nulls', 'nulls') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<BatchChance>(
      'all null',
      batchRefused,
      batchLost('unreachable'),
      batchLost('cut'),
      batchLost('no-answer'),
      batchLost('status'),
    ),
  },
);
const anyAnswer = fc.oneof(
  { weight: 6, arbitrary: fc.constant(delivered()) },
  { weight: 1, arbitrary: fc.constant(refused()) },
  { weight: 4, arbitrary: fc.constantFrom(retry(), lost('unreachable'), lost('cut'), lost('no-answer')) },
);
const anyTime = fc.constantFrom(0, 1, 20, 1_200, 30_000);

test('whatever batches are answered, and when: each event is processed, in order, settled once, and none is lost', async () => {
  let batchesSent = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        answers: fc.array(fc.record({ answer: anyAnswer, tookMs: anyTime }), { maxLength: 60 }),
        batchAnswers: fc.array(
          fc.record({
            answer: anyBatchAnswer,
            tookMs: anyTime,
            isDoneAnyway: fc.boolean(),
            next: fc.constantFrom(1, 3, 100),
          }),
          { maxLength: 40 },
        ),
        maxRequests: fc.integer({ min: 1, max: 8 }),
        connections: fc.integer({ min: 2, max: 30 }),
        maxBytes: fc.constantFrom(200, 1_000_000),
      }),
      async ({ answers, batchAnswers, maxRequests, connections, maxBytes }) => {
        const clock = new FakeClock();
        /** What the backend has done, in order, repeats included. */
        const done = new Map<string, number[]>();
        const inFlight = new Set<string>();
        let requests = 0;
        const attempts = new Map<string, number>();
        /** Of what was sent, and may have got there. */
        const arrived = new Set<string>();
        const begin = (deliveries: readonly Attempt[]): void => {
          requests += 1;
          expect(requests).toBeLessThanOrEqual(2 * maxRequests);
          for (const { id, attempt } of deliveries) {
            const key = id.split('-')[0] as string;
            expect(inFlight.has(key)).toBe(false);
            inFlight.add(key);
            expect(attempt).toBe((attempts.get(id) ?? 0) + 1);
            attempts.set(id, attempt);
          }
        };
        const end = (deliveries: readonly Attempt[]): void => {
          requests -= 1;
          for (const { id } of deliveries) inFlight.delete(id.split('-')[0] as string);
        };
        const process = ({ id }: Attempt): void => {
          const [key, n] = id.split('-') as [string, string];
          done.set(key, [...(done.get(key) ?? []), Number(n)]);
        };
        const batches: FakeBatches = new FakeBatches(async (deliveries): Promise<BatchAnswer> => {
          batchesSent += 1;
          begin(deliveries);
          expect(deliveries.length).toBeLessThanOrEqual(batches.maxEvents);
          expect(delivery.isBackendDown).toBe(false);
          for (const { id } of deliveries) expect(arrived.has(id)).toBe(false);
          const bytes = deliveries.reduce(
            (sum, one) => sum + one.messageJson.length + one.connection.json.length,
            0,
          );
          expect(bytes).toBeLessThanOrEqual(maxBytes);
          const chance = batchAnswers.pop() ?? {
            answer: 'done' as const,
            tookMs: 1,
            isDoneAnyway: false,
            next: 100,
          };
          await clock.wait(chance.tookMs, open);
          batches.maxEvents = chance.next;
          end(deliveries);
          const isGone =
            typeof chance.answer === 'object' &&
            'failure' in chance.answer &&
            chance.answer.failure === 'unreachable';
          if (!isGone) for (const { id } of deliveries) arrived.add(id);
          if (typeof chance.answer === 'object') {
            if (chance.isDoneAnyway && !isGone) for (const one of deliveries) process(one);
            return chance.answer;
          }
          const given = deliveries.map((one, at) => {
            const isDone = chance.answer === 'done' || (chance.answer === 'nulls' && at % 2 === 0);
            if (isDone) process(one);
            return isDone ? [] : null;
          });
          return { outcome: 'delivered', answers: given };
        });
        batches.maxBytes = maxBytes;
        const { open: connect, delivery } = startDelivery({
          clock,
          batches,
          maxRequests,
          settings: { maxEventAgeMs: 86_400_000 },
          answer: async (attempt): Promise<Answer> => {
            begin([attempt]);
            const { answer, tookMs } = answers.pop() ?? { answer: delivered(), tookMs: 1 };
            await clock.wait(tookMs, open);
            end([attempt]);
            if (!('failure' in answer && answer.failure === 'unreachable')) arrived.add(attempt.id);
            if (answer.outcome === 'delivered') process(attempt);
            return answer;
          },
        });
        const settledOrder = new Map<string, string[]>();
        const outcomes = new Map<string, string[]>();
        const queues = range(connections).map((c) => connect(`c${c}`).queue);
        for (const n of range(4)) {
          for (const c of range(connections)) {
            const id = `c${c}-${n}`;
            const queue = queues[c];
            const onSettled = (fate: Fate): void => {
              outcomes.set(id, [...(outcomes.get(id) ?? []), fate.outcome]);
              settledOrder.set(`c${c}`, [...(settledOrder.get(`c${c}`) ?? []), id]);
            };
            queue?.push({ id, type: 'x', json: '{"type":"x"}', onSettled }, 1);
          }
          await clock.advance(n);
        }
        await clock.advance(6 * 3_600_000);
        for (const c of range(connections)) {
          const ids = range(4).map((n) => `c${c}-${n}`);
          expect(settledOrder.get(`c${c}`)).toEqual(ids);
          const own = done.get(`c${c}`) ?? [];
          // Repeats of the last one aside, in order.
          expect(own).toEqual(own.toSorted((a, b) => a - b));
          for (const n of range(4)) {
            const [outcome] = outcomes.get(`c${c}-${n}`) ?? [];
            if (outcome === 'delivered') expect(own).toContain(n);
            else expect(outcome).toBe('dead-letter');
          }
        }
        expect([...outcomes.values()].every((own) => own.length === 1)).toBe(true);
        const stopped = delivery.stop({ drainMs: 0 });
        await clock.advance(1_000);
        await stopped;
        expect(clock.nextMs).toBeUndefined();
      },
    ),
    { numRuns: 60 },
  );
  expect(batchesSent).toBeGreaterThan(60);
}, 120_000);
