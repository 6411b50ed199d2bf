import { steps } from './step.ts';

const client = { cookie: 'connect=true' };

/** What the application's handlers get, and what comes of what they return. */
export const applicationSteps = [
  ...steps('handlers', {
    'onClientConnect returns true': async (stage) =>
      void (await stage.connect('a', { cookie: 'connect=true' })),
    'onClientConnect returns a text': async (stage) =>
      void (await stage.connect('a', { cookie: 'connect=text' })),
    'onClientConnect returns false': async (stage) =>
      void (await stage.connect('a', { cookie: 'connect=false' })),
    'onClientConnect returns nothing': async (stage) => void (await stage.connect('a')),
    'onClientConnect throws': async (stage) => {
      const a = await stage.connect('a', { cookie: 'connect=throw' });
      a?.send({ type: 'hello', return: 'true' });
      await stage.settle();
    },
    'the arguments of onClientConnect': async (stage) =>
      void (await stage.connect('a', { cookie: 'describe=args' })),
    'what a connection is': async (stage) =>
      void (await stage.connect('a', { cookie: 'describe=connection' })),
    'onClientMessage returns true': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'hello', return: 'true', text: 'x' });
      await stage.settle();
      a?.send({ return: 'true' });
      await stage.settle();
    },
    'onClientMessage returns false or nothing': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'hello', return: 'false' });
      await stage.settle();
      a?.send({ type: 'hello' });
      await stage.settle();
    },
    'onClientMessage changes the message': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'change', return: 'true' });
      await stage.settle();
    },
    'onClientMessage returns a promise': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'hello', n: 1, return: 'promise of true' });
      await stage.settle();
      a?.send({ type: 'hello', n: 2, return: 'promise of false' });
      await stage.settle();
    },
    'onClientMessage throws': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'hello', return: 'throw' });
      await stage.settle();
    },
    'onClientDisconnect is called, and the backend is told': async (stage) => {
      const a = await stage.connect('a', client);
      await a?.close();
      await stage.untilEvents('session-disconnect');
    },
    'onClientDisconnect returns false': async (stage) => {
      const a = await stage.connect('a', { cookie: 'connect=true; disconnect=false' });
      await a?.close();
      await stage.untilEvents('session-disconnect');
    },
    'broadcast of an object': async (stage) => {
      const a = await stage.connect('a', client);
      await stage.connect('b', client);
      a?.send({ type: 'hello', broadcast: { type: 'said', text: 'ü😀' } });
      await stage.settle();
    },
    'broadcast with criteria': async (stage) => {
      const a = await stage.connect('a', { cookie: 'connect=true; room=Lobby' });
      await stage.connect('b', { cookie: 'connect=true; room=hall' });
      await stage.connect('c', client);
      for (const criteria of [{ room: 'HALL' }, { room: '*' }, {}, { room: 'cellar' }]) {
        a?.send({ type: 'hello', broadcast: { type: 'said', criteria }, criteria });
        await stage.settle();
      }
    },
    'broadcast of a text': async (stage) => {
      const a = await stage.connect('a', client);
      a?.send({ type: 'hello', broadcast: '{"type":"said"}' });
      await stage.settle();
    },
  }),
  ...steps('commands', {
    'a command of the application, by POST': async (stage) => {
      await stage.post([{ type: 'own', x: 1, return: 'object' }, { type: 'own' }]);
    },
    'a command of the application, in an answer': async (stage) => {
      stage.answerTo('client-hello', { type: 'own', x: 1 });
      const a = await stage.connect('a');
      a?.send({ type: 'hello' });
      await stage.settle();
    },
    'a command of the application in the place of a built-in one': async (stage) => {
      await stage.post([{ type: 'log', text: 'x' }]);
    },
    'a command of the application that returns a promise': async (stage) => {
      await stage.post([{ type: 'own', return: 'promise of true' }]);
    },
    'a command of the application that throws': async (stage) => {
      await stage.post([{ type: 'own', return: 'throw' }, { type: 'list' }]).catch(() => stage.settle());
    },
    'an unknown command goes to onBackendMessage, by POST': async (stage) => {
      await stage.post([{ type: 'unknown', x: 1, return: 'text' }, { type: 'unknown' }]);
    },
    'an unknown command goes to onBackendMessage, in an answer': async (stage) => {
      stage.answerTo('client-hello', { type: 'unknown', x: 1 });
      const a = await stage.connect('a');
      a?.send({ type: 'hello' });
      await stage.settle();
    },
    'a command without type goes to onBackendMessage': async (stage) => stage.post([{ x: 1 }]),
    'a command named like a method of objects': async (stage) => stage.post([{ type: 'toString' }]),
    sendBackendMessage: async (stage) => {
      stage.answer(() => ({ body: '[{"type":"own"},{"type":"send","message":{"type":"x"}}]' }));
      stage.broker.ask('send to the backend');
      await stage.untilEvents('direct-hello');
    },
    'sendBackendMessage with a callback': async (stage) => {
      stage.answer(() => ({ body: '[{"type":"own"}]' }));
      stage.broker.ask('send to the backend and take the answer');
      await stage.untilEvents('direct-question');
    },
    'what a broker is': async (stage) => {
      stage.broker.ask('what a broker is');
      await stage.settle();
    },
    'what the package exports': async (stage) => {
      stage.broker.ask('what the package exports');
      await stage.settle();
    },
  }),
  ...steps('logged', {
    'log lines of a client that comes, speaks and goes': async (stage) => {
      stage.answerTo(
        'client-hello',
        { type: 'session', data: { x: 1 } },
        { type: 'send', message: { type: 'said' } },
      );
      const a = await stage.connect('a');
      a?.send({ type: 'hello', content: 'there' });
      await stage.settle();
      await a?.close();
      await stage.untilEvents('session-disconnect');
    },
    'log line of a log command': async (stage) => stage.post([{ type: 'log', text: 'hello' }]),
  }),
  ...steps('unlogged', {
    'what is printed without log': async (stage) => {
      stage.answerTo('client-hello', { type: 'no-such-command' }, { type: 'log', text: 'hello' });
      const a = await stage.connect('a');
      a?.send({ type: 'hello' });
      await stage.settle();
    },
  }),
];
