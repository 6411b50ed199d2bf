import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

test('keeps order and bounds through any sequence of pushes and drains', () => {
  const limits = { maxQueuedMessages: 5, maxQueuedBytes: 100 };
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 60 }) }), fc.record({ take: fc.nat(6) })),
      ),
      (steps) => {
        const outbox = new Outbox(limits);
        let waiting: { text: string; bytes: number }[] = [];
        let count = 0;
        for (const step of steps) {
          if ('push' in step) {
            const message = { text: String(count++), bytes: step.push };
            const bytes = waiting.reduce((sum, one) => sum + one.bytes, step.push);
            if (waiting.length < 5 && bytes <= 100) {
              outbox.push(message);
              waiting.push(message);
            } else {
              expect(() => outbox.push(message)).toThrow(expect.objectContaining({ code: 'queue-full' }));
            }
          } else {
            const taken: unknown[] = [];
            outbox.drain((message) => taken.length < step.take && taken.push(message) > 0);
            expect(taken).toEqual(waiting.slice(0, step.take));
            waiting = waiting.slice(step.take);
          }
          expect(outbox.size).toBe(waiting.length);
        }
      },
    ),
  );
});

test('has room again after clear', () => {
  const outbox = new Outbox({ maxQueuedMessages: 1, maxQueuedBytes: 10 });
  outbox.push({ text: 'a', bytes: 10 });
  outbox.clear();
  outbox.push({ text: 'b', bytes: 10 });
  expect(outbox.size).toBe(1);
});

test('says how full it is', () => {
  const outbox = new Outbox({ maxQueuedMessages: 1, maxQueuedBytes: 10 });
  outbox.push({ text: 'a', bytes: 4 });
  expect(() => outbox.push({ text: 'b', bytes: 7 })).toThrow(
    'Not sent: 1 messages of at most 1 and 4 + 7 bytes of at most 10 would wait',
  );
});
