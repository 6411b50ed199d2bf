import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { settle, startClient } from '../test/fake-client.ts';
import { ModelBroker, type Opening } from '../test/model-broker.ts';
import type { Sent, SentMessage, SentState } from './sent.ts';

type Step =
  | { readonly do: 'send' | 'message' | 'ack' | 'delivered' | 'cut' | 'pass' }
  | { readonly do: 'read' | 'arrive'; readonly count: number }
  | { readonly do: 'open'; readonly as: Opening };

const stepArbitrary = (openings: readonly Opening[]): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom('send', 'message', 'ack', 'delivered', 'pass') }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('read', 'arrive'), count: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cut') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('open'), as: fc.constantFrom(...openings) }) },
  ) as fc.Arbitrary<Step>;

const rank: readonly SentState[] = ['queued', 'sent', 'acknowledged', 'delivered', 'failed'];

interface Down {
  readonly n: number;
}

/** Walks the steps, brings everything to rest, and holds what both sides have against what must be. */
const walk = async (steps: readonly Step[], everyOpening: Opening): Promise<void> => {
  vi.useFakeTimers();
  const broker = new ModelBroker();
  const { client, network, errors } = startClient({
    maxQueuedMessages: 1_000,
    backoff: { minMs: 1, maxMs: 1 },
  });
  try {
    const sent: Sent[] = [];
    const down: (Down | 'gap')[] = [];
    client.on('x', (message) => down.push(message as unknown as Down));
    client.onGap(() => down.push('gap'));
    const open = async (opening: Opening) => {
      if (broker.isOpen) return;
      await vi.advanceTimersByTimeAsync(10);
      broker.open(network.latest, opening);
    };
    await settle();
    for (const step of steps) {
      if (step.do === 'send') {
        const one = client.send({ type: 'n', n: sent.length });
        const states: SentState[] = [];
        one.subscribe((state) => {
          if (states.length > 0)
            expect(rank.indexOf(state)).toBeGreaterThan(rank.indexOf(states.at(-1) ?? state));
          states.push(state);
        });
        sent.push(one);
      } else if (step.do === 'pass') await vi.advanceTimersByTimeAsync(101);
      else if (step.do === 'read') broker.read(step.count);
      else if (step.do === 'arrive') broker.arrive(step.count);
      else if (step.do === 'cut') broker.cut();
      else if (step.do === 'open') await open(step.as);
      else broker.say(step.do);
    }
    await open(everyOpening);
    for (let turn = 0; turn < 3 || !broker.isQuiet; turn++) {
      broker.read(Infinity);
      broker.say('delivered');
      broker.arrive(Infinity);
      await vi.advanceTimersByTimeAsync(101);
    }

    // Upwards: whoever was told of nothing else has been handed over; in order, once, but for what was begun anew.
    const taken = broker.taken.map((message) => (message as { n: number }).n);
    const outcomes = sent.map((one) => (one as SentMessage).outcome);
    const isCertain =
      everyOpening !== 'forget' && steps.every((step) => step.do !== 'open' || step.as !== 'forget');
    outcomes.forEach((outcome, n) => {
      const isTaken = taken.includes(n);
      if (outcome?.outcome === 'delivered') expect(isTaken, `${n} is delivered`).toBe(true);
      else if (outcome?.outcome !== 'failed') expect.unreachable(`${n} has no end`);
      else if (outcome.code === 'refused') expect(isTaken, `${n} was refused`).toBe(false);
      else expect(isCertain, `${n} failed with ${outcome.code}`).toBe(false);
    });
    const firsts = [...new Set(taken)];
    expect(
      firsts.every((n, at) => n > (firsts[at - 1] ?? -1)),
      'in order',
    ).toBe(true);
    if (isCertain) expect(taken, 'once').toEqual(firsts);
    expect(client.status).toMatchObject({ queued: 0, unsettled: 0 });

    // Downwards: each once, in order, and nothing missing, unless a gap was told of.
    let last = 0;
    for (const one of down) {
      if (one === 'gap') {
        last = NaN;
        continue;
      }
      if (Number.isNaN(last)) expect(one.n).toBeGreaterThan(0);
      else expect(one.n, 'the next').toBe(last + 1);
      last = one.n;
    }
    if (!Number.isNaN(last)) expect(last, 'the last').toBe(broker.sent);
    expect(new Set(down).size - (down.includes('gap') ? 1 : 0), 'once').toBe(
      down.filter((one) => one !== 'gap').length,
    );
    expect(errors).toEqual([]);
  } finally {
    client.close();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  }
};

test('loses, repeats and reorders nothing through any cuts that are resumed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary(['resume']), { maxLength: 120, size: 'max' }), (steps) =>
      walk(steps, 'resume'),
    ),
    { numRuns: 400 },
  );
});

test('tells of every gap, and loses no message that was not acknowledged, through any cuts, crashes and losses', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArbitrary(['resume', 'forget', 'crash']), { maxLength: 120, size: 'max' }),
      fc.constantFrom<Opening>('resume', 'forget', 'crash'),
      walk,
    ),
    { numRuns: 400 },
  );
});
