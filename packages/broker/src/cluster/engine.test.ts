import type { JsonObject } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { applyOperation } from '../commands/apply.ts';
import { FakeCommands } from '../../test/fake-commands.ts';
import type { Operation, Outcome } from '../commands/operation.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import type { Apply, Engine } from './engine.ts';

/**
 * Several processes, made by hand: each operation goes to every one as text, as over a network, and the
 * outcomes come back later, the nearest process last.
 */
class AsyncEngine implements Engine<Operation, Outcome> {
  readonly published: Operation[] = [];
  isBroken = false;
  readonly #processes: readonly Apply<Operation, Outcome>[];

  constructor(processes: readonly Apply<Operation, Outcome>[]) {
    this.#processes = processes;
  }

  async publish(operation: Operation): Promise<readonly Outcome[]> {
    this.published.push(operation);
    const text = JSON.stringify(operation);
    return await Promise.all(
      this.#processes.map(async (apply, at) => {
        for (let turn = this.#processes.length; turn > at; turn -= 1) await new Promise(setImmediate);
        if (this.isBroken) throw new Error('a process is gone');
        return JSON.parse(JSON.stringify(apply(JSON.parse(text) as Operation))) as Outcome;
      }),
    );
  }

  async close(): Promise<void> {}
}

const twoProcesses = () => {
  const other = new FakeCommands();
  let engine: AsyncEngine | undefined;
  const own = new FakeCommands({}, (apply) => {
    engine = new AsyncEngine([apply, (operation) => applyOperation(other, operation)]);
    return engine;
  });
  return { own, other, engine: engine! };
};

test('the embedded engine answers at once with the outcome of this process', () => {
  const engine = new EmbeddedEngine((n: number) => n + 1);
  expect(engine.publish(1)).toEqual([2]);
});

test('commands run through an asynchronous engine reach every process, and count them all', async () => {
  const { own, other } = twoProcesses();
  const here = own.connect('here', { room: 'lobby' });
  const there = other.connect('there', { room: 'lobby' });
  other.connect('elsewhere', { room: 'hall' });
  expect(
    await own.run(
      'everyone',
      { type: 'send', message: { n: 1 }, match: { room: 'lobby' } },
      { type: 'session', data: { vip: true }, match: { wskey: 'there' } },
      { type: 'list', count: true },
      { type: 'close', match: { room: 'hall' } },
    ),
  ).toEqual([{ matched: 2 }, { matched: 1 }, { count: 3 }, { matched: 1 }]);
  expect(here.socket.messages).toEqual([{ n: 1 }]);
  expect(there.socket.messages).toEqual([{ n: 1 }]);
  expect(there.connection.sessionInfo['vip']).toBe(true);
  expect(own.logs.messages('debug')).toContain('← sent to 2/3 clients');
});

test('a list is gathered from every process', async () => {
  const { own, other } = twoProcesses();
  own.connect('here');
  other.connect('there');
  const [all, page] = await own.run(
    'everyone',
    { type: 'list', fields: ['wskey'] },
    { type: 'list', limit: 1 },
  );
  expect(all).toEqual([{ wskey: 'here' }, { wskey: 'there' }]);
  expect((page as { connections: JsonObject[] }).connections).toHaveLength(1);
  expect(page).toHaveProperty('cursor');
});

test('commands keep their order through an asynchronous engine', async () => {
  const { own, other } = twoProcesses();
  const there = other.connect('there');
  await own.run(
    'everyone',
    { type: 'session', data: { room: 'a' } },
    { type: 'send', message: 1, match: { room: 'a' } },
    { type: 'session', data: { room: 'b' } },
    { type: 'send', message: 2, match: { room: 'a' } },
    { type: 'send', message: 3, match: { room: 'b' } },
  );
  expect(there.socket.messages).toEqual([1, 3]);
});

test('the connection of an event is meant by its key alone, which other processes can be told', async () => {
  const { own, engine } = twoProcesses();
  const here = own.connect('here');
  await own.run(here, { type: 'send', message: 1 });
  expect(engine.published).toEqual([{ kind: 'send', target: { wskey: 'here' }, text: '1' }]);
});

test('an engine that fails costs that command alone', async () => {
  const { own, engine } = twoProcesses();
  engine.isBroken = true;
  const [sent, logged] = await own.run('everyone', { type: 'send', message: 1 }, { type: 'log', text: 'x' });
  expect(sent).toEqual({
    error: { code: 'command-failed', message: 'The command `send` failed: a process is gone' },
  });
  expect(logged).toBeNull();
});
