import { expect, test, vi } from 'vitest';
import { Presence, type PresenceBroker } from './presence.ts';

interface Sent {
  readonly match: { readonly room?: string } | undefined;
  readonly message: { readonly type: string; readonly [field: string]: unknown };
}

interface Seat {
  readonly room?: string;
  readonly user?: string;
  readonly name?: string;
}

/** Answers `list` from `seats`, and remembers what was sent. */
class FakeBroker {
  seats: Seat[] = [];
  readonly sent: Sent[] = [];
  lists = 0;
  /** Runs while a `list` is under way. */
  onList: () => void = () => {};
  failure: Error | undefined;

  readonly client = {
    list: async () => {
      this.lists += 1;
      const connections = [...this.seats];
      this.onList();
      await Promise.resolve();
      if (this.failure) throw this.failure;
      return { connections };
    },
    run: async (commands: readonly Sent[]) => {
      await Promise.resolve();
      this.sent.push(...commands);
      return [];
    },
  } as unknown as PresenceBroker;

  people(room: string): string[] | undefined {
    const last = this.sent.findLast(({ message }) => message.type === 'people' && message['room'] === room);
    return (last?.message['people'] as { name: string }[] | undefined)?.map(({ name }) => name);
  }

  get rooms(): unknown {
    return this.sent.findLast(({ message }) => message.type === 'rooms')?.message['rooms'];
  }
}

const presenceOf = (
  broker: FakeBroker,
  quietRooms: string[] = [],
  onError: (error: unknown) => void = () => {},
) => new Presence({ broker: broker.client, quietRooms: () => quietRooms, onError });

test('tells a room who is in it, each person once, and nobody who has not entered', async () => {
  const broker = new FakeBroker();
  broker.seats = [
    { room: 'lobby', user: 'b', name: 'Bob' },
    { room: 'lobby', user: 'a', name: 'Ada' },
    { room: 'lobby', user: 'a', name: 'Ada' },
    { room: 'coffee', user: 'c', name: 'Cleo' },
    {},
  ];
  await presenceOf(broker).announce('lobby', undefined);
  expect(broker.people('lobby')).toEqual(['Ada', 'Bob']);
  expect(broker.sent[0]?.match).toEqual({ room: 'lobby' });
  // Nothing has changed there.
  expect(broker.people('coffee')).toBeUndefined();
});

test('tells everybody the rooms: the first one always, then those with people or a past, by name', async () => {
  const broker = new FakeBroker();
  broker.seats = [{ room: 'zoo', user: 'b', name: 'Bob' }];
  await presenceOf(broker, ['coffee']).announce('zoo');
  expect(broker.rooms).toEqual([
    { room: 'lobby', people: 0 },
    { room: 'coffee', people: 0 },
    { room: 'zoo', people: 1 },
  ]);
  expect(broker.sent.at(-1)?.match).toBeUndefined();
});

test('after a start every room is told', async () => {
  const broker = new FakeBroker();
  broker.seats = [
    { room: 'lobby', user: 'a', name: 'Ada' },
    { room: 'coffee', user: 'b', name: 'Bob' },
  ];
  await presenceOf(broker).announceAll();
  expect(broker.people('lobby')).toEqual(['Ada']);
  expect(broker.people('coffee')).toEqual(['Bob']);
});

test('a change while it is being told is told afterwards, from a later list', async () => {
  const broker = new FakeBroker();
  broker.seats = [{ room: 'lobby', user: 'a', name: 'Ada' }];
  const presence = presenceOf(broker);
  broker.onList = () => {
    broker.onList = () => {};
    broker.seats.push({ room: 'lobby', user: 'b', name: 'Bob' });
    void presence.announce('lobby');
  };
  await presence.announce('lobby');
  expect(broker.lists).toBe(2);
  expect(broker.people('lobby')).toEqual(['Ada', 'Bob']);
});

test('changes in one turn are told together', async () => {
  const broker = new FakeBroker();
  broker.seats = [{ room: 'lobby', user: 'a', name: 'Ada' }];
  const presence = presenceOf(broker);
  await Promise.all([presence.announce('lobby'), presence.announce('lobby'), presence.announce('coffee')]);
  expect(broker.lists).toBe(1);
});

test('tells who asks who is in a room, and what rooms there are', async () => {
  const broker = new FakeBroker();
  broker.seats = [{ room: 'lobby', user: 'a', name: 'Ada' }];
  const presence = presenceOf(broker, ['coffee']);
  expect(await presence.look('lobby')).toEqual({
    people: [{ user: 'a', name: 'Ada' }],
    rooms: [
      { room: 'lobby', people: 1 },
      { room: 'coffee', people: 0 },
    ],
  });
  expect(await presence.look('nowhere')).toMatchObject({ people: [] });
});

test('what could not be told is told by itself when the broker is back', async () => {
  vi.useFakeTimers();
  const broker = new FakeBroker();
  const presence = presenceOf(broker);
  broker.failure = new Error('unreachable');
  await presence.announce('lobby');
  broker.failure = undefined;
  broker.seats = [{ room: 'lobby', user: 'a', name: 'Ada' }];
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  expect(broker.people('lobby')).toEqual(['Ada']);
});

test('a broker that cannot be reached is reported, and the next change is told', async () => {
  const broker = new FakeBroker();
  const errors: unknown[] = [];
  const presence = presenceOf(broker, [], (error) => errors.push(error));
  broker.failure = new Error('unreachable');
  await presence.announce('lobby');
  expect(errors).toEqual([broker.failure]);
  broker.failure = undefined;
  broker.seats = [{ room: 'lobby', user: 'a', name: 'Ada' }];
  await presence.announce('lobby');
  expect(broker.people('lobby')).toEqual(['Ada']);
});
