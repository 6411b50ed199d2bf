import { expect, test } from 'vitest';
import { type Answering, delivered, FakeBackend } from '../../test/fake-backend.ts';
import { FakeClock, settled } from '../../test/fake-clock.ts';
import { type Config, FakeCommands } from '../../test/fake-commands.ts';
import { FakeJournal } from '../../test/fake-journal.ts';
import { takenMessage } from '../../test/taken-message.ts';
import { Delivery } from '../delivery/delivery.ts';
import { settingsFrom } from '../settings.ts';
import { ClientEvents } from './client-events.ts';
import type { Receipts } from './receipts.ts';

/** What the client is told, in order. */
class TestReceipts implements Receipts {
  readonly isCounted = true;
  readonly told: string[] = [];

  taken(n: number): void {
    this.told.push(`taken ${n}`);
  }

  delivered(n: number): void {
    this.told.push(`delivered ${n}`);
  }

  failed(n: number, code: string): void {
    this.told.push(`failed ${n} ${code}`);
  }

  reply(request: number): void {
    this.told.push(`reply ${request}`);
  }
}

const keys = { tokenHashes: ['hash'], fingerprint: 'print' };

const start = ({ answer, config }: { answer?: Answering; config?: Config } = {}) => {
  const backend = new FakeBackend(answer);
  const journal = new FakeJournal();
  const commands = new FakeCommands(config);
  const { broker, log } = commands.context;
  const delivery = new Delivery({
    backend,
    commands: commands.context,
    settings: settingsFrom({ port: 0 }),
    maxRequests: 32,
    log,
    clock: new FakeClock(),
  });
  const { connection, socket } = commands.connect('k');
  const receipts = new TestReceipts();
  const events = new ClientEvents(
    { handlerTimeoutMs: 30_000, broker, log, delivery, journal },
    { connection, owner: { receipts, eventLeft: () => {} } },
  );
  socket.onSessionChanged = () => events.keepSession();
  const commit = async (): Promise<void> => {
    journal.commit();
    await settled();
    await settled();
  };
  return { backend, journal, events, receipts, connection, commit };
};

test('P62: an event is neither delivered nor acknowledged before its commit', async () => {
  const { backend, journal, events, receipts, commit } = start();
  events.connected(keys);
  events.messaged(takenMessage({ type: 'say' }), 20);
  await settled();
  expect(journal.log).toEqual(['open', 'event 1', 'event 2']);
  expect(backend.log).toEqual([]);
  expect(receipts.told).toEqual([]);
  await commit();
  expect(backend.log).toEqual(['k-1#1', 'k-2#1']);
  expect(receipts.told).toEqual(['taken 1', 'delivered 1']);
  expect(journal.log.slice(3)).toEqual(['delivered 1', 'delivered 2']);
});

test('what makes no event is told after its commit too: handled, refused, failed', async () => {
  const { journal, events, receipts, commit } = start({
    config: {
      onClientConnect: () => false,
      onClientMessage: ({ type }) => {
        if (type === 'bad') throw new Error('no');
      },
    },
  });
  events.connected(keys);
  events.messaged(takenMessage({ type: 'handled' }), 20);
  events.refused({ code: 'not-json', text: 'x' });
  events.messaged(takenMessage({ type: 'bad' }), 20);
  await settled();
  expect(receipts.told).toEqual([]);
  expect(journal.log).toEqual(['open', 'received 1', 'received 2', 'failed 2', 'received 3', 'failed 3']);
  await commit();
  expect(receipts.told).toEqual([
    'taken 1',
    'delivered 1',
    'failed 2 not-json',
    'taken 2',
    'failed 3 handler-failed',
    'taken 3',
  ]);
});

test('P65: that a message never will be processed is told only when no later process would send it', async () => {
  const { events, receipts, journal, commit } = start({
    answer: ({ id }) =>
      id === 'k-2' ? { outcome: 'dead-letter', reason: 'status 422', status: 422 } : delivered(),
  });
  events.connected(keys);
  events.messaged(takenMessage({ type: 'say' }), 20);
  await commit();
  expect(journal.log.slice(-2)).toEqual(['dead-letter 2', 'failed 1']);
  expect(receipts.told).toEqual(['taken 1']);
  await commit();
  expect(receipts.told).toEqual(['taken 1', 'failed 1 refused']);
});

test('what the answer to an event set is written before that it was delivered', async () => {
  const { journal, events, commit } = start({
    answer: () => delivered([{ type: 'session', data: { name: 'Ada' } }]),
  });
  events.connected(keys);
  await commit();
  expect(journal.log).toEqual(['open', 'event 1', 'session', 'delivered 1']);
  expect(journal.changes[2]).toMatchObject({ sessionInfo: expect.stringContaining('Ada') as string });
});

test('what a handler put into sessionInfo is written with the next event', async () => {
  const { journal, events, connection, commit } = start();
  events.connected(keys);
  await commit();
  connection.sessionInfo['room'] = 'lobby';
  events.messaged(takenMessage({ type: 'say' }), 20);
  expect(journal.log.slice(-2)).toEqual(['session', 'event 2']);
});

test('the last event of a connection is written before its end', () => {
  const { journal, events } = start();
  events.connected(keys);
  events.disconnected('client-left');
  expect(journal.log).toEqual(['open', 'event 1', 'event 2', 'end']);
  expect(journal.changes[2]).toMatchObject({ type: 'session-disconnect', reason: 'client-left' });
});

test('messages behind a handler that decides late are written in their order', async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<boolean>();
  const { journal, events, receipts, commit } = start({
    config: { onClientMessage: ({ type }) => (type === 'slow' ? decided : true) },
  });
  events.connected(keys);
  events.messaged(takenMessage({ type: 'slow' }), 20);
  events.refused({ code: 'bad-message', text: 'x' });
  events.messaged(takenMessage({ type: 'quick' }), 20);
  await commit();
  expect(journal.log).toEqual(['open', 'event 1', 'delivered 1']);
  decide(false);
  await settled();
  expect(journal.log.slice(3)).toEqual(['received 1', 'received 2', 'failed 2', 'event 2']);
  await commit();
  expect(receipts.told).toEqual([
    'taken 1',
    'delivered 1',
    'failed 2 bad-message',
    'taken 2',
    'taken 3',
    'delivered 3',
  ]);
});

test('while the journal is stuck nothing more is read', () => {
  const { journal, events } = start();
  expect([events.isFull, events.isLow]).toEqual([false, true]);
  journal.isStuck = true;
  expect([events.isFull, events.isLow]).toEqual([true, false]);
});
