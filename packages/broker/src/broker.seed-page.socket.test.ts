/** The snippets of the page that existing users follow, as written there, and what the page says they do. */
import { type BackendEvent, brokerStarter, connectRaw, postText, startFakeBackend } from '@wsbroker/testkit';
import { format } from 'node:util';
import { expect, test, vi } from 'vitest';
import { Broker } from './index.ts';

const startBroker = brokerStarter(Broker);

/** What the broker prints while the test runs. */
const printed = () => {
  const lines: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...words) => void lines.push(words.join(' '))),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0),
  ];
  return {
    lines,
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore();
    },
  };
};

test('port and log: accepts connections and ignores messages', async () => {
  using output = printed();
  await using broker = await startBroker({ log: true });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'hello' });
  await vi.waitFor(() => expect(output.lines.join('\n')).toContain('→ from client'));
  expect(client.received).toEqual([]);
  expect(client.isOpen).toBe(true);
});

test('onClientMessage with a broadcast: everyone gets the message, and the log shows it with its arrows', async () => {
  using output = printed();
  await using broker = await startBroker({
    log: true,
    onClientMessage(message, _connection, itsBroker) {
      output.lines.push(format('MESSAGE RECEIVED!', message));
      itsBroker.broadcast(JSON.stringify(message));
    },
  });
  const { port } = broker;
  const client = await connectRaw(broker.url);
  client.send({ type: 'hello', content: 'there' });
  expect(await client.next()).toEqual({ type: 'hello', content: 'there' });
  await client.close();
  await broker.close();

  const [listening, connected = '', received, own, sent, gone, closed] = output.lines;
  const [, wskey = ''] = /^↪ new connection ([\w-]{22}) 127\.0\.0\.1$/.exec(connected) ?? [];
  expect(wskey).not.toBe('');
  expect(listening).toBe(`➥ websocket server listening on port ${port}`);
  expect(received).toBe(`→ from client ${wskey} { type: 'hello', content: 'there' }`);
  expect(own).toBe("MESSAGE RECEIVED! { type: 'hello', content: 'there' }");
  expect(sent).toBe('← sent to 1/1 clients {"type":"hello","content":"there"}');
  expect(gone).toBe(`← connection closed ${wskey}`);
  expect(closed).toBe('➥ websocket server closed');
});

test('a backend: connect, message and disconnect arrive as POSTs with the form fields message and connection', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { type: 'http', allow: ['127.0.0.1'], url: `${backend.url}mybackend/` },
  });
  const client = await connectRaw(broker.url);
  client.send({ type: 'hello', content: 'there' });
  await client.close();
  await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(backend.events.map(({ message }) => message)).toEqual([
    { type: 'session-connect' },
    { type: 'client-hello', content: 'there' },
    { type: 'session-disconnect' },
  ]);
  for (const { encoding, path, connection } of backend.events) {
    expect({ encoding, path }).toEqual({ encoding: 'form', path: '/mybackend/' });
    expect(connection).toEqual({ ip: '127.0.0.1', wskey: backend.events[0]?.connection['wskey'] });
  }
});

test('without `allow` commands are refused, while events go out and the commands in their answers run', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-hello' ? [{ type: 'send', message: { type: 'hello' } }] : [],
  );
  await using broker = await startBroker({ backend: { type: 'http', url: backend.url } });
  await using client = await connectRaw(broker.url);
  const refused = await postText(broker.httpUrl, `data=${encodeURIComponent('[{"type":"close"}]')}`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  client.send({ type: 'hello' });
  expect(await client.next()).toEqual({ type: 'hello' });
});

test("the response `array('type' => 'session', 'data' => array('x' => 'y', 'time' => time()))` sets these fields", async () => {
  const time = 1_795_000_000;
  await using backend = await startFakeBackend(({ message }: BackendEvent) =>
    message.type === 'client-login' ? [{ type: 'session', data: { x: 'y', time } }] : [],
  );
  await using broker = await startBroker({ backend: { type: 'http', url: backend.url } });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'login' });
  client.send({ type: 'next' });
  const { connection } = await backend.next(({ message }) => message.type === 'client-next');
  expect(connection).toMatchObject({ x: 'y', time, ip: '127.0.0.1' });
});

test("`broker.broadcast({ type: 'hello' }, { room: '42' })` reaches the clients of this room", async () => {
  await using broker = await startBroker();
  await using inside = await connectRaw(broker.url, { headers: { cookie: 'room=42' } });
  await using outside = await connectRaw(broker.url, { headers: { cookie: 'room=43' } });
  broker.broadcast({ type: 'hello' }, { room: '42' });
  broker.broadcast({ type: 'end' });
  expect(await outside.next()).toEqual({ type: 'end' });
  await inside.next(({ type }) => type === 'end');
  expect(inside.received).toEqual([{ type: 'hello' }, { type: 'end' }]);
});

test('a response `log` writes to the log, whatever `log` says', async () => {
  using output = printed();
  await using backend = await startFakeBackend([{ type: 'log', text: 'Something happened on the backend!' }]);
  await using broker = await startBroker({ log: false, backend: { type: 'http', url: backend.url } });
  await using _ = await connectRaw(broker.url);
  await vi.waitFor(() => expect(output.lines).toEqual(['! log Something happened on the backend!']));
});

test('a POST of `data` with a list of one `list` gives all current connections', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { type: 'http', url: backend.url, allow: ['127.0.0.1'] },
  });
  await using _one = await connectRaw(broker.url, { headers: { cookie: 'name=one' } });
  await using _two = await connectRaw(broker.url, { headers: { cookie: 'name=two' } });
  const form = new URLSearchParams({ data: JSON.stringify([{ type: 'list' }]) }).toString();
  const { status, body } = await postText(broker.httpUrl, form, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(status).toBe(200);
  expect(body).toMatchObject([[{ name: 'one', ip: '127.0.0.1' }, { name: 'two' }]]);
});
