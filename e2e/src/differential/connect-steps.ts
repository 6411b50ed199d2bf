import { steps } from './step.ts';

/** Handshakes, and what becomes of them in `sessionInfo`. */
export const connectSteps = steps('plain', {
  'a client connects and goes': async (stage) => {
    const client = await stage.connect('a');
    await client?.close();
    await stage.untilEvents('session-disconnect');
  },
  'a client is cut off': async (stage) => {
    const client = await stage.connect('a');
    client?.socket.terminate();
    await stage.untilEvents('session-disconnect');
  },
  'cookies become fields, their names in lower case': async (stage) => {
    await stage.connect('a', { cookie: 'PHPSESSID=28jg1m5u; Room=Lobby' });
  },
  'cookies are not decoded': async (stage) => {
    await stage.connect('a', { cookie: 'x=%41%20b; y=a+b' });
  },
  'a cookie without a value': async (stage) => {
    await stage.connect('a', { cookie: 'empty=; flag; x=1' });
  },
  'a cookie value with an equals sign': async (stage) => {
    await stage.connect('a', { cookie: 'token=abc==; x=1' });
  },
  'a cookie value with a space after it': async (stage) => {
    await stage.connect('a', { cookie: 'x=1 ; y=2' });
  },
  'a quoted cookie value': async (stage) => {
    await stage.connect('a', { cookie: 'x="1"' });
  },
  'the same cookie twice': async (stage) => {
    await stage.connect('a', { cookie: 'x=1; x=2' });
  },
  'cookies with names of the broker, behind a proxy': async (stage) => {
    await stage.connect('a', { cookie: 'ip=10.0.0.1; wskey=mine' });
  },
  'cookies with names of the broker, without a proxy': async (stage) => {
    await stage.connect('a', { cookie: 'ip=10.0.0.1; wskey=mine', forwardedFor: undefined });
  },
  'a cookie named __proto__': async (stage) => {
    await stage.connect('a', { cookie: '__proto__=x; y=1' });
  },
  'no x-forwarded-for': async (stage) => {
    await stage.connect('a', { forwardedFor: undefined });
  },
  'x-forwarded-for with several hops': async (stage) => {
    await stage.connect('a', { forwardedFor: '192.0.2.66, 192.0.2.7' });
  },
  'x-forwarded-for that is no address': async (stage) => {
    await stage.connect('a', { forwardedFor: 'unknown' });
  },
  'who makes wskey': async (stage) => {
    const client = await stage.connect('a');
    stage.note('wskey', { isTheHeaderOfTheClient: stage.wskeys[0] === client?.websocketKey });
  },
  'any path and query': async (stage) => {
    const client = await stage.connect('a', { path: '/some/where?x=1' });
    client?.send({ type: 'hello' });
    await stage.settle();
  },
  'a page of another host': async (stage) => {
    await stage.connect('a', { headers: { origin: 'https://elsewhere.example' } });
  },
  'a page of the same host on another port': async (stage) => {
    await stage.connect('a', { headers: { origin: 'http://127.0.0.1' } });
  },
  'subprotocols are asked for': async (stage) => {
    const client = await stage.connect('a', { protocols: ['chat', 'other'] });
    stage.note('subprotocol', client?.socket.protocol);
  },
  'compression is asked for': async (stage) => {
    const client = await stage.connect('a', { compress: true });
    stage.note('extensions', client?.socket.extensions);
  },
});
