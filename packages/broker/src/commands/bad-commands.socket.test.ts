import { postCommands } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { startCommandStage } from '../../test/command-stage.ts';

const hi = { type: 'hi' };

test('a bad command gets its own error in its place, and the others run', async () => {
  await using on = await startCommandStage({
    backendCommands: {
      throws: () => {
        throw new Error('broken inside');
      },
      cyclic: () => {
        const result: { self?: unknown } = {};
        result.self = result;
        return result;
      },
    },
  });
  await using one = await on.connect();
  const commands: [command: unknown, code?: string][] = [
    [{ type: 'send', message: { n: 1 } }],
    [null, 'bad-command'],
    [42, 'bad-command'],
    ['close', 'bad-command'],
    [[], 'bad-command'],
    [{}, 'bad-command'],
    [{ type: 5 }, 'bad-command'],
    [{ type: '' }, 'bad-command'],
    [{ type: 'confetti' }, 'unknown-command'],
    [{ type: 'constructor' }, 'unknown-command'],
    [{ type: '__proto__' }, 'unknown-command'],
    [{ type: 'send' }, 'bad-command'],
    [{ type: 'send', message: {}, match: 'all' }, 'bad-command'],
    [{ type: 'send', message: {}, match: { room: {} } }, 'bad-command'],
    [{ type: 'send', message: {}, match: [1] }, 'bad-command'],
    [{ type: 'close', code: 1006 }, 'bad-command'],
    [{ type: 'close', code: '1000' }, 'bad-command'],
    [{ type: 'close', reason: 'é'.repeat(62) }, 'bad-command'],
    [{ type: 'log' }, 'bad-command'],
    [{ type: 'session' }, 'bad-command'],
    [{ type: 'session', data: 'x' }, 'bad-command'],
    [{ type: 'session', data: { wskey: 'mine' } }, 'reserved-field'],
    [{ type: 'session', add: { ip: '6.6.6.6' } }, 'reserved-field'],
    [{ type: 'session', remove: { ip: '127.0.0.1' } }, 'reserved-field'],
    [{ type: 'list', limit: 0 }, 'bad-command'],
    [{ type: 'list', limit: 1, cursor: 'x' }, 'bad-command'],
    [{ type: 'throws' }, 'command-failed'],
    [{ type: 'cyclic' }, 'command-failed'],
    [{ type: 'send', message: { n: 2 } }],
  ];
  const results = await on.post(commands.map(([command]) => command));
  expect(results.map((result) => (result as { error?: { code: string } }).error?.code)).toEqual(
    commands.map(([, code]) => code),
  );
  for (const result of results) {
    const { error } = result as { error?: { message: string } };
    if (error) expect(error.message.length).toBeGreaterThan(10);
  }
  await one.next(({ n }) => n === 2);
  expect(one.received).toEqual([{ n: 1 }, { n: 2 }]);
});

test('an error names the field, what was seen and what is expected', async () => {
  await using on = await startCommandStage();
  const [result] = await on.post([{ type: 'send', message: 1, match: { room: { a: 1 } } }]);
  expect(result).toMatchObject({
    error: { code: 'bad-command', message: expect.stringMatching(/match\.room.*string/) as string },
  });
});

test('one bad command in an answer is logged, and the others run', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect();
  one.send({ type: 'do', commands: [{ type: 'confetti' }, { type: 'send', message: hi }] });
  expect(await one.next()).toEqual(hi);
  expect(on.broker.logs.messages('warn')).toEqual([expect.stringContaining('confetti')]);
});

test('`ip` and `wskey` never change: not through `except`, not for one of many; sent back unchanged they are no error', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect('n=1');
  await using _two = await on.connect('n=2');
  const before = await on.post([{ type: 'list' }]);
  const own = (before[0] as { wskey: string }[])[0];
  one.send({
    type: 'do',
    commands: [
      { type: 'session', except: { n: '1' }, data: { ...own } },
      { type: 'session', match: { n: '*' }, data: { ...own } },
      { type: 'session', data: { ...own } },
      { type: 'send', message: hi },
    ],
  });
  await one.next();
  expect(await on.post([{ type: 'list' }])).toEqual(before);
  expect(on.broker.logs.messages('warn')).toHaveLength(2);
});

test('`__proto__` in a session change or in criteria reaches no prototype and matches nobody', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect();
  const form =
    '[{"type":"session","data":{"__proto__":{"evil":1},"a":{"__proto__":{"evil":1},"b":1}}},{"type":"send","match":{"__proto__":"x"},"message":1},{"type":"send","match":{"evil":1},"message":1}]';
  const { body } = await postCommands(on.broker.httpUrl, JSON.parse(form));
  expect(body).toEqual([{ matched: 1 }, { matched: 0 }, { matched: 0 }]);
  expect(({} as { evil?: unknown }).evil).toBeUndefined();
  const [listed] = await on.post([{ type: 'list' }]);
  expect(listed).toMatchObject([{ a: { b: 1 } }]);
  expect(one.received).toEqual([]);
});
