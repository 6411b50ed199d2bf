import { brokerStarter, connectRaw, Disposables, postCommands } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker, type Connection } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** More than a look at each would be as good for. */
const clientCount = 80;
const roomCount = 8;

test('among many connections a room is found as it is, whoever changes it: commands, handlers, who leaves', async () => {
  const connections: Connection[] = [];
  await using broker = await startBroker({
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
    onClientConnect: (connection) => void connections.push(connection),
  });
  await using clients = new Disposables();
  const opened = [];
  for (let n = 0; n < clientCount; n += 1) {
    const headers = { cookie: `n=${n}; room=Room-${n % roomCount}` };
    opened.push(clients.use(await connectRaw(broker.url, { headers })));
  }
  const post = async (command: object) => (await postCommands(broker.httpUrl, [command])).body as [unknown];
  const who = async (target: object) => {
    const [listed] = await post({ type: 'list', fields: ['n'], ...target });
    return (listed as { n: string }[]).map(({ n }) => Number(n));
  };
  const inRoom = (room: number) => Array.from({ length: 10 }, (_, at) => room + at * roomCount);

  expect(await who({ match: { room: 'room-3' } })).toEqual(inRoom(3));
  expect(await who({ match: { room: 'room-3' }, except: { n: [3, 19] } })).toEqual(
    inRoom(3).slice(1, 2).concat(inRoom(3).slice(3)),
  );

  await post({ type: 'session', match: { n: 75 }, data: { room: ['room-2', 'room-4'] } });
  await post({ type: 'session', match: { n: 0 }, data: { room: 'ROOM-3' } });
  expect(await who({ match: { room: 'room-3' } })).toEqual([0, ...inRoom(3).slice(0, -1)]);
  expect(await who({ match: { room: 'room-2' } })).toEqual([...inRoom(2), 75]);
  expect(await who({ match: { room: ['room-4', 'room-2'] } })).toEqual(
    [...inRoom(2), ...inRoom(4), 75].toSorted((a, b) => a - b),
  );

  const handled = connections[3];
  if (handled) handled.sessionInfo['room'] = 'room-2';
  expect(await who({ match: { room: 'room-2' } })).toEqual([2, 3, ...inRoom(2).slice(1), 75]);
  expect(await who({ match: { room: 'room-3' } })).toEqual([0, ...inRoom(3).slice(1, -1)]);

  await opened[2]?.close();
  await expect.poll(() => who({ match: { room: 'room-2' } })).toEqual([3, ...inRoom(2).slice(1), 75]);

  const [{ matched }] = (await post({
    type: 'send',
    match: { room: 'room-2' },
    message: { type: 'hello' },
  })) as [{ matched: number }];
  expect(matched).toBe(11);
  for (const n of [3, 10, 75]) {
    expect(await opened[n]?.next()).toEqual({ type: 'hello' });
  }
});
