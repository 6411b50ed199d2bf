import { type BackendAnswer, commands } from './backend.ts';
import type { Stage, StageClient } from './stage.ts';
import { type Step, steps } from './step.ts';

/** Three clients, of which the backend knows the rooms. */
const inRooms = async (stage: Stage): Promise<StageClient | undefined> => {
  const client = await stage.connect('a', { cookie: 'room=Lobby; who=ann' });
  await stage.connect('b', { cookie: 'room=LOBBY' });
  await stage.connect('c', { cookie: 'room=hall; who=cy' });
  return client;
};

/** Three clients; the first sends `hello`, which is answered with these commands. */
const answered =
  (...list: unknown[]): Step['run'] =>
  async (stage) => {
    const client = await inRooms(stage);
    stage.answerTo('client-hello', ...list);
    client?.send({ type: 'hello' });
    await stage.settle();
  };

/** As {@link answered}, and then each client says something, so that the backend is told its `sessionInfo`. */
const thenSessions =
  (...list: unknown[]): Step['run'] =>
  async (stage) => {
    const a = await stage.connect('a', { cookie: 'room=Lobby' });
    const b = await stage.connect('b', { cookie: 'room=hall' });
    stage.answerTo('client-hello', ...list);
    a?.send({ type: 'hello' });
    await stage.settle();
    for (const client of [a, b]) {
      client?.send({ type: 'who-am-i' });
      await stage.settle();
    }
  };

/** A client sends `hello`, which is answered with these bytes; and then `again`, to see that all is well. */
const answeredWith =
  (answer: BackendAnswer): Step['run'] =>
  async (stage) => {
    const client = await stage.connect('a');
    stage.answer(({ message }) => (message['type'] === 'client-hello' ? answer : commands()));
    client?.send({ type: 'hello' });
    await stage.settle();
    if (!stage.broker.isRunning) return;
    client?.send({ type: 'again' });
    await stage.settle();
  };

const said = { type: 'said', text: 'ü😀', n: [1, null] };
const send = (match?: unknown, message: unknown = said): object => ({
  type: 'send',
  message,
  ...(match === undefined ? {} : { match }),
});

/** A send that says what it matches, so that it can be told from others. */
const sendNaming = (match: object): object => send(match, { type: 'said', match });

/** What the backend answers, and what comes of it. */
export const answerSteps = steps('plain', {
  'send without match': answered(send()),
  'send with match, in another case': answered(send({ room: 'lobby' })),
  'send with match on two fields': answered(send({ room: 'lobby', who: 'ANN' })),
  'send with match on wskey': async (stage) => {
    const client = await inRooms(stage);
    stage.answer(({ message, connection }) =>
      message['type'] === 'client-hello' ? commands(send({ wskey: connection['wskey'] })) : commands(),
    );
    client?.send({ type: 'hello' });
    await stage.settle();
  },
  'send with match *': answered(send({ room: '*' })),
  'send with match * on a field that some have not': answered(send({ who: '*' })),
  'send with match on a field that some have not': answered(send({ who: 'cy' })),
  'send with match on the text undefined, and a field that some have not': answered(
    send({ who: 'undefined' }),
  ),
  'send with match that matches nobody': answered(send({ room: 'cellar' })),
  'send with a pattern that is no wildcard': answered(send({ room: 'lob*' })),
  'send with empty match': answered(send({})),
  "send with PHP's empty array as match": answered(send([])),
  'send with match null': answered(send(null)),
  'send with match false': answered(send(false)),
  'send with match that is a text': answered(send('lobby')),
  'send with a list in match': answered(send({ room: ['lobby', 'hall'] })),
  'send with an object in match': answered(send({ room: { name: 'lobby' } })),
  'send with a number, a boolean and null in match': async (stage) => {
    const client = await inRooms(stage);
    stage.answerTo('client-set', { type: 'session', data: { n: 42, on: true, off: null } });
    client?.send({ type: 'set' });
    await stage.settle();
    for (const match of [
      { n: '42' },
      { n: 42 },
      { on: 'TRUE' },
      { on: true },
      { off: null },
      { off: 'null' },
    ]) {
      stage.answerTo('client-hello', sendNaming(match));
      client?.send({ type: 'hello' });
      await stage.settle();
    }
  },
  'send with match on a field that is a list': async (stage) => {
    const client = await inRooms(stage);
    stage.answerTo('client-set', { type: 'session', data: { rooms: ['a', 'b'] } });
    client?.send({ type: 'set' });
    await stage.settle();
    for (const match of [{ rooms: 'a' }, { rooms: 'a,b' }]) {
      stage.answerTo('client-hello', sendNaming(match));
      client?.send({ type: 'hello' });
      await stage.settle();
    }
  },
  'send with match on a field that is an object': async (stage) => {
    const client = await inRooms(stage);
    stage.answerTo('client-set', { type: 'session', data: { user: { id: 1 } } });
    client?.send({ type: 'set' });
    await stage.settle();
    stage.answerTo('client-hello', send({ user: '[object Object]' }));
    client?.send({ type: 'hello' });
    await stage.settle();
  },
  'send with match on a field named length': answered(send({ length: 1 })),
  'send of a text, a number, null and a list': answered(
    { type: 'send', message: 'text' },
    { type: 'send', message: 5 },
    { type: 'send', message: null },
    { type: 'send', message: [1] },
  ),
  'send without message': answered({ type: 'send' }, send()),
  'session sets fields of the connection that caused the event': thenSessions({
    type: 'session',
    data: { x: 'y', n: 1, nothing: null },
  }),
  'session merges objects': thenSessions(
    { type: 'session', data: { user: { name: 'Ann', tags: { a: 1 } } } },
    { type: 'session', data: { user: { age: 7, tags: { b: 2 } } } },
  ),
  'session with a list where there was one': thenSessions(
    { type: 'session', data: { rooms: ['a', 'b', 'c'] } },
    { type: 'session', data: { rooms: ['d'] } },
  ),
  'session with match': thenSessions({ type: 'session', data: { x: 1 }, match: { room: 'HALL' } }),
  "session with PHP's empty array as data": thenSessions({ type: 'session', data: [] }),
  'session without data': thenSessions({ type: 'session' }),
  'session with ip and wskey': thenSessions({
    type: 'session',
    data: { ip: '10.0.0.1', wskey: 'mine', x: 1 },
  }),
  'session over a cookie': thenSessions({ type: 'session', data: { room: 'cellar' } }),
  'session with a key __proto__': async (stage) => {
    const client = await stage.connect('a');
    stage.answer(({ message }) =>
      message['type'] === 'client-hello'
        ? { body: '[{"type":"session","data":{"__proto__":{"x":1},"y":2}}]' }
        : commands(),
    );
    client?.send({ type: 'hello' });
    await stage.settle();
    client?.send({ type: 'who-am-i' });
    await stage.settle();
  },
  'session, and then a send that matches what it set': answered(
    { type: 'session', data: { table: 'one' } },
    send({ table: 'ONE' }),
  ),
  'close without match': async (stage) => {
    await answered({ type: 'close' })(stage);
    await stage.untilEvents('session-disconnect');
  },
  'close with match': async (stage) => {
    await answered({ type: 'close', match: { room: 'lobby' } })(stage);
    await stage.untilEvents('session-disconnect', 2);
  },
  'send, and then close': async (stage) => {
    await answered(send(), { type: 'close' })(stage);
    await stage.untilEvents('session-disconnect');
  },
  'list in an answer': answered({ type: 'list' }, send()),
  'log of a text': answered({ type: 'log', text: 'hello from the backend' }),
  'log of a number': answered({ type: 'log', text: 5 }),
  'an unknown command among others': answered({ type: 'no-such-command' }, send()),
  'commands of connect and disconnect': async (stage) => {
    stage.answer(({ message }) => {
      if (message['type'] === 'session-connect') return commands(send());
      return message['type'] === 'session-disconnect' ? commands(send({ room: '*' })) : commands();
    });
    await stage.connect('a');
    const b = await stage.connect('b');
    await b?.close();
    await stage.untilEvents('session-disconnect');
  },
  'an empty list': answeredWith({ body: '[]' }),
  'an empty answer': answeredWith({ body: '' }),
  'an HTML page': answeredWith({ body: '<!DOCTYPE html><title>Oops</title>' }),
  'one command without its list': answeredWith({ body: JSON.stringify(send()) }),
  'a JSON text': answeredWith({ body: '"hello"' }),
  'a JSON number': answeredWith({ body: '5' }),
  'JSON null as an answer': answeredWith({ body: 'null' }),
  'null among commands': answeredWith({ body: JSON.stringify([send(), null, send()]) }),
  'a number among commands': answeredWith({ body: JSON.stringify([send(), 5, send()]) }),
  'a list after a byte order mark': answeredWith({ body: `\u{FEFF}${JSON.stringify([send()])}` }),
  'a list with status 400': answeredWith({ status: 400, body: JSON.stringify([send()]) }),
  'a list with status 201': answeredWith({ status: 201, body: JSON.stringify([send()]) }),
  'a list with status 503, and later 200': async (stage) => {
    const client = await stage.connect('a');
    let attempts = 0;
    stage.answer(({ message }) => {
      if (message['type'] !== 'client-hello') return commands();
      attempts += 1;
      return { status: attempts === 1 ? 503 : 200, body: JSON.stringify([send()]) };
    });
    client?.send({ type: 'hello' });
    await stage.settle();
    client?.send({ type: 'again' });
    await stage.untilEvents('client-again');
  },
  'the backend is down, and comes back': async (stage) => {
    const client = await stage.connect('a');
    await stage.backend.stop();
    client?.send({ type: 'hello' });
    await stage.settle();
    await stage.backend.start();
    client?.send({ type: 'again' });
    await stage.untilEvents('client-again');
  },
});
