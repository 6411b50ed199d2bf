import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Outbox, type OutboxLimits } from './outbox.ts';
import { SentMessage } from './sent.ts';

const owner = { onError: () => undefined, onUnheard: () => undefined };
const message = (id: number, bytes: number) =>
  new SentMessage({ id, frame: { text: String(id), bytes } }, owner);
const way = (write: (text: string) => boolean, isPlain: boolean) => ({
  isPlain,
  maxMessageBytes: 1_000,
  write,
});
const aborted = { outcome: 'failed', code: 'aborted', text: '' } as const;
const full = expect.objectContaining({ code: 'queue-full' }) as unknown;

const limits: OutboxLimits = { maxQueuedMessages: 5, maxQueuedBytes: 100 };

test('keeps order and bounds through any sequence of pushes and drains', () => {
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
            const sent = message(count++, step.push);
            const bytes = waiting.reduce((sum, one) => sum + one.bytes, step.push);
            if (waiting.length < 5 && bytes <= 100) {
              outbox.push(sent, undefined);
              waiting.push(sent.init.frame);
            } else {
              expect(() => outbox.push(sent, undefined)).toThrow(full);
            }
          } else {
            const taken: string[] = [];
            outbox.drain(way((text) => taken.length < step.take && taken.push(text) > 0, true));
            expect(taken).toEqual(waiting.slice(0, step.take).map(({ text }) => text));
            waiting = waiting.slice(step.take);
          }
          expect([outbox.waiting, outbox.unsettled]).toEqual([waiting.length, waiting.length]);
        }
      },
    ),
  );
});

test('has room again after clear, delivery, and withdrawal', () => {
  const outbox = new Outbox({ maxQueuedMessages: 1, maxQueuedBytes: 10 });
  outbox.push(message(1, 10), undefined);
  outbox.clear();
  outbox.push(message(2, 10), undefined);
  outbox.drain(way(() => true, false));
  expect(() => outbox.push(message(3, 10), 0)).toThrow(full);
  outbox.delivered(1);
  const withdrawn = message(4, 10);
  outbox.push(withdrawn, undefined);
  outbox.withdraw(withdrawn, aborted);
  outbox.push(message(5, 10), undefined);
  expect(outbox).toMatchObject({ waiting: 1, unsettled: 1 });
});

test('withdraws nothing that has been written', () => {
  const outbox = new Outbox(limits);
  const sent = message(1, 1);
  outbox.push(sent, undefined);
  outbox.drain(way(() => true, false));
  outbox.withdraw(sent, aborted);
  expect(sent.state).toBe('sent');
});

test('believes no number past what was written', () => {
  const outbox = new Outbox(limits);
  const sent = message(1, 1);
  outbox.push(sent, undefined);
  for (const n of [1, 99, Infinity, NaN, -1]) {
    outbox.acknowledge(n);
    outbox.delivered(n);
  }
  expect(sent.state).toBe('queued');
  outbox.drain(way(() => true, false));
  outbox.delivered(99);
  expect(sent.state).toBe('delivered');
  expect(outbox).toMatchObject({ waiting: 0, unsettled: 0 });
});

test('is whole when a listener closes in the middle of an acknowledgement', () => {
  const outbox = new Outbox(limits);
  const [first, second, later] = [message(1, 1), message(2, 1), message(3, 1)];
  for (const sent of [first, second]) outbox.push(sent, undefined);
  outbox.drain(way(() => true, false));
  first.subscribe((state) => {
    if (state !== 'acknowledged') return;
    outbox.clear();
    outbox.push(later, undefined);
  });
  outbox.delivered(2);
  expect([first.state, second.state, later.state]).toEqual(['failed', 'failed', 'queued']);
  expect(outbox).toMatchObject({ waiting: 1, unsettled: 1 });
});

test('says how full it is', () => {
  const outbox = new Outbox({ maxQueuedMessages: 1, maxQueuedBytes: 10 });
  outbox.push(message(1, 4), undefined);
  expect(() => outbox.push(message(2, 7), undefined)).toThrow(
    'Not sent: 1 of 1 messages and 4 of 10 bytes wait',
  );
});
