import { MemoryLogger } from '@wsbroker/testkit';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FakeCommands } from '../../../test/fake-commands.ts';
import { applyOperation } from '../../commands/apply.ts';
import { logFor } from '../../ops/logger.ts';
import { encodeResults } from './command-results.ts';

const log = logFor(new MemoryLogger());

test('whatever the results are, they are written as JSON.stringify writes them', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 240, maxLength: 600 }),
    fc.record({
      connections: fc.array(fc.oneof(fc.integer(), fc.constant(undefined)), {
        minLength: 240,
        maxLength: 600,
      }),
      cursor: fc.option(fc.string(), { nil: undefined }),
    }),
    fc.constant({ toJSON: () => 'own', list: Array.from({ length: 300 }, () => 1) }),
    fc.constant(undefined),
    fc.date({ noInvalidDate: true }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 5 }), async (results) => {
      expect(await encodeResults(results, log)).toBe(JSON.stringify(results));
    }),
    { numRuns: 40 },
  );
});

test('a list with something in it that is no JSON costs that result alone', async () => {
  const bad = Array.from({ length: 1_000 }, (_, n) => (n === 700 ? 1n : n));
  const [first, second, third] = JSON.parse(await encodeResults([[1], bad, 'x'], log)) as unknown[];
  expect([first, third]).toEqual([[1], 'x']);
  expect(second).toMatchObject({ error: { code: 'command-failed' } });
});

test.each([
  ['whole', undefined],
  ['as a page', 10_000],
])(
  'huge lists: of 10,000 connections, %s, others have many turns while it is written',
  async (_what, limit) => {
    const commands = new FakeCommands();
    for (let n = 0; n < 10_000; n += 1) {
      const fields = {
        user: `user-${n}`,
        room: ['lobby', `room-${n % 100}`],
        since: n,
        text: 'x'.repeat(300),
      };
      commands.connect(`key-${n}`, fields);
    }
    const { listed = [] } = applyOperation(commands, { kind: 'list', target: {}, after: 0, limit });
    const all = listed.map(({ sessionInfo }) => sessionInfo);
    const result = limit === undefined ? all : { connections: all, cursor: '7' };
    // As on a machine where each piece takes a while: how long it takes here is not what is tested.
    let nowMs = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 2));
    onTestFinished(() => now.mockRestore());
    const writing = { isDone: false };
    const written = encodeResults([result], log).finally(() => (writing.isDone = true));
    let turns = 0;
    while (!writing.isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect(await written).toBe(JSON.stringify([result]));
    expect(turns).toBeGreaterThan(3);
  },
);
