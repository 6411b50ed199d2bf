import type { Command } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import type { Connection } from '../api.ts';
import { FakeCommands } from '../../test/fake-commands.ts';

const error = (code: string, message: string) => ({
  error: { code, message: expect.stringContaining(message) as string },
});

test('gives one result a command, in order', async () => {
  const commands = new FakeCommands({
    backendCommands: {
      slow: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return 'slow';
      },
      fast: () => 'fast',
    },
  });
  commands.connect('a');
  expect(
    await commands.run(
      'everyone',
      { type: 'slow' },
      { type: 'list', count: true },
      { type: 'fast' },
      { type: 'log', text: 1 },
    ),
  ).toEqual(['slow', { count: 1 }, 'fast', null]);
});

test('begins a command when the one before has ended', async () => {
  const order: string[] = [];
  const step = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };
  const commands = new FakeCommands({ backendCommands: { one: step('one'), two: step('two') } });
  await commands.run('everyone', { type: 'one' }, { type: 'two' });
  expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
});

test('no commands give no results', async () => {
  expect(await new FakeCommands().run('everyone')).toEqual([]);
});

test('a bad command gets its error in its place, and the others run', async () => {
  const commands = new FakeCommands();
  const ada = commands.connect('ada');
  const send = (n: number) => ({ type: 'send', message: { n } });
  const bad = [null, 7, 'send', [], {}, { type: 5 }, { type: '' }, { type: 'send' }, { type: 'nope' }];
  const list = bad.flatMap((command, n) => [send(n), command]);
  const results = await commands.run(ada, ...list, send(99));
  expect(results).toHaveLength(bad.length * 2 + 1);
  for (const [at] of bad.entries()) {
    expect(results[at * 2]).toEqual({ matched: 1 });
    expect(results[at * 2 + 1]).toMatchObject({
      error: { code: expect.stringMatching(/^(bad|unknown)-command$/) as string },
    });
  }
  expect(ada.socket.messages).toEqual([...bad.keys(), 99].map((n) => ({ n })));
  expect(commands.logs.messages('warn')).toHaveLength(bad.length);
});

test('the error of what is no command says what one is', async () => {
  const commands = new FakeCommands();
  expect(await commands.run('everyone', 'list', { match: {} })).toEqual([
    error('bad-command', 'expected object'),
    error('bad-command', 'type'),
  ]);
});

test('an unknown command is told, with what there is', async () => {
  expect(await new FakeCommands().run('everyone', { type: 'liist' })).toEqual([
    error('unknown-command', 'Unknown command `liist`: expected close, list, log, reply, send, session'),
  ]);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'the type %s is unknown too',
  async (type) => {
    const commands = new FakeCommands({ backendCommands: {} });
    expect(await commands.run('everyone', { type })).toEqual([error('unknown-command', type)]);
  },
);

test('a command of the application’s own gets command, connection and broker; what it returns is the result', async () => {
  const seen: unknown[][] = [];
  const commands = new FakeCommands({
    backendCommands: {
      greet(...args) {
        seen.push(args);
        return { greeted: true };
      },
    },
  });
  const ada = commands.connect('ada');
  const command = { type: 'greet', name: 'x' };
  expect(await commands.run(ada, command)).toEqual([{ greeted: true }]);
  expect(await commands.run('everyone', command)).toEqual([{ greeted: true }]);
  expect(seen).toEqual([
    [command, ada.connection, commands.context.broker],
    [command, null, commands.context.broker],
  ]);
});

test('a command of the application’s own goes before a built-in one', async () => {
  const commands = new FakeCommands({ backendCommands: { list: () => 'mine' } });
  expect(await commands.run('everyone', { type: 'list' })).toEqual(['mine']);
});

test('one command of the application’s can use another by `this`', async () => {
  const backendCommands = {
    one: () => 1,
    two(this: { one(): number }) {
      return this.one() + 1;
    },
  };
  const commands = new FakeCommands({ backendCommands });
  expect(await commands.run('everyone', { type: 'two' })).toEqual([2]);
});

test('a result that is nothing is null', async () => {
  const commands = new FakeCommands({ backendCommands: { quiet: () => {}, later: async () => {} } });
  expect(await commands.run('everyone', { type: 'quiet' }, { type: 'later' })).toEqual([null, null]);
});

test.each<[string, unknown, string]>([
  ['an error', new Error('no such room'), 'no such room'],
  ['a text', 'no such room', 'no such room'],
  ['nothing', undefined, 'undefined'],
  ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
])(
  'a command that throws or rejects with %s fails alone, and the log tells it',
  async (_what, thrown, told) => {
    const commands = new FakeCommands({
      backendCommands: {
        throws: () => {
          throw thrown;
        },
        rejects: () => Promise.reject(thrown),
        works: () => 1,
      },
    });
    expect(
      await commands.run('everyone', { type: 'throws' }, { type: 'rejects' }, { type: 'works' }),
    ).toEqual([
      error('command-failed', `The command \`throws\` failed: ${told}`),
      error('command-failed', `The command \`rejects\` failed: ${told}`),
      1,
    ]);
    const errors = commands.logs.entries.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields['err'])).toEqual([thrown, thrown]);
  },
);

test('an entry of backendCommands that is no function is told', async () => {
  const backendCommands = { broken: 5 } as unknown as Record<string, () => void>;
  expect(await new FakeCommands({ backendCommands }).run('everyone', { type: 'broken' })).toEqual([
    error('command-failed', 'backendCommands.broken is not a function'),
  ]);
});

test('commands can be added to backendCommands while the broker runs', async () => {
  const backendCommands: Record<string, () => unknown> = {};
  const commands = new FakeCommands({ backendCommands });
  backendCommands['late'] = () => 'here';
  expect(await commands.run('everyone', { type: 'late' })).toEqual(['here']);
});

test('what nobody knows goes to onBackendMessage, and nothing else does', async () => {
  const seen: [Command, Connection | null][] = [];
  const commands = new FakeCommands({
    backendCommands: { mine: () => 'mine' },
    async onBackendMessage(command, connection, broker) {
      expect(broker).toBe(commands.context.broker);
      seen.push([command, connection]);
      return Promise.resolve(`taken: ${command.type}`);
    },
  });
  const ada = commands.connect('ada');
  expect(
    await commands.run(ada, { type: 'mine' }, { type: 'log', text: 'x' }, { type: 'other', n: 1 }),
  ).toEqual(['mine', null, 'taken: other']);
  expect(await commands.run('nobody', { type: 'direct' })).toEqual(['taken: direct']);
  expect(seen).toEqual([
    [{ type: 'other', n: 1 }, ada.connection],
    [{ type: 'direct' }, null],
  ]);
});

test('onBackendMessage that throws fails that command alone', async () => {
  const commands = new FakeCommands({
    onBackendMessage() {
      throw new Error('not today');
    },
  });
  expect(await commands.run('everyone', { type: 'x' }, { type: 'list', count: true })).toEqual([
    error('command-failed', 'The command `x` failed: not today'),
    { count: 0 },
  ]);
});

test('every command is logged as it came', async () => {
  const commands = new FakeCommands();
  await commands.run('everyone', { type: 'log', text: 'x' }, 'nonsense');
  const logged = commands.logs.entries.filter(({ message }) => message === '↓ from backend');
  expect(logged.map(({ fields }) => fields['command'])).toEqual([{ type: 'log', text: 'x' }, 'nonsense']);
});
