import { postText } from '@wsbroker/testkit';
import type { Stage } from './stage.ts';
import { type Step, steps } from './step.ts';

const formType = 'application/x-www-form-urlencoded';
const form = (text: string, headers: Record<string, string> = {}): Step['run'] => {
  return async (stage: Stage) => stage.postText(text, { headers: { 'content-type': formType, ...headers } });
};

const listForm = `data=${encodeURIComponent('[{"type":"list"}]')}`;

const twoClients = async (stage: Stage): Promise<void> => {
  await stage.connect('a', { cookie: 'room=Lobby' });
  await stage.connect('b', { cookie: 'room=hall' });
};

/** Commands that the backend POSTs. */
export const postSteps = steps('plain', {
  'list of nobody': async (stage) => stage.post([{ type: 'list' }]),
  'list of all': async (stage) => {
    await twoClients(stage);
    await stage.post([{ type: 'list' }]);
  },
  'list with match': async (stage) => {
    await twoClients(stage);
    await stage.post([
      { type: 'list', match: { room: 'LOBBY' } },
      { type: 'list', match: { room: 'cellar' } },
      { type: 'list', match: {} },
      { type: 'list', match: [] },
    ]);
  },
  'send without match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'send', message: { type: 'to-all' } });
  },
  'send with match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'send', message: { type: 'to-one', text: 'a+b ü😀' }, match: { room: 'Hall' } });
  },
  'session without match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'session', data: { x: 1 } });
    await stage.post([{ type: 'list' }]);
  },
  'session with match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'session', data: { x: 1 }, match: { room: 'lobby' } });
    await stage.post([{ type: 'list' }]);
  },
  'close with match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'close', match: { room: 'lobby' } });
    await stage.untilEvents('session-disconnect');
    await stage.post([{ type: 'list' }]);
  },
  'close without match, by POST': async (stage) => {
    await twoClients(stage);
    await stage.run({ type: 'close' });
    await stage.untilEvents('session-disconnect', 2);
    await stage.post([{ type: 'list' }]);
  },
  'log, by POST': async (stage) => stage.post([{ type: 'log', text: 'posted' }]),
  'results of close, send and session': async (stage) => {
    await twoClients(stage);
    await stage.post([
      { type: 'send', message: { type: 'x' } },
      { type: 'session', data: { x: 1 }, match: { room: 'lobby' } },
      { type: 'close', match: { room: 'cellar' } },
    ]);
  },
  'result of an unknown command': async (stage) => {
    await stage.post([{ type: 'no-such-command' }, { type: 'list' }]);
  },
  'result of a command without type': async (stage) => stage.post([{}, { type: 'list' }]),
  'a command that is null': async (stage) => stage.post([null, { type: 'list' }]).catch(() => stage.settle()),
  'an empty list of commands': async (stage) => stage.post([]),
  'one command without its list, by POST': async (stage) => stage.post({ type: 'list' }),
  'a form without data': form('x=1'),
  'a form with empty data': form('data='),
  'a form with data that is not JSON': form('data=x'),
  'a form with data twice': form(`${listForm}&${listForm}`),
  'an empty body': form(''),
  'a form that is not encoded': form('data=[{"type":"list"}]'),
  'a form with spaces as plus signs': form('data=[+{"type":"list"}+]'),
  'a form with more fields': form(`x=1&${listForm}&y=2`),
  'a form with a charset': form(listForm, { 'content-type': `${formType}; charset=UTF-8` }),
  'a form without content type': async (stage) => stage.postText(listForm),
  'a form with another content type': form(listForm, { 'content-type': 'text/plain' }),
  'commands as JSON': async (stage) => stage.post([{ type: 'list' }], { encoding: 'json' }),
  'commands as multipart': async (stage) => {
    const text = '--x\r\ncontent-disposition: form-data; name="data"\r\n\r\n[{"type":"list"}]\r\n--x--\r\n';
    await stage.postText(text, { headers: { 'content-type': 'multipart/form-data; boundary=x' } });
  },
  'commands from an address that is not allowed': async (stage) =>
    stage.post([{ type: 'list' }], { localAddress: '127.0.0.2' }),
  'commands through a proxy': form(listForm, { 'x-forwarded-for': '192.0.2.66' }),
  'commands from a page in a browser': form(listForm, { origin: 'http://127.0.0.1' }),
  'commands to another path': async (stage) => {
    await stage.connect('a');
    const { status, body } = await postText(`http://${stage.broker.host}/commands?x=1`, listForm, {
      headers: { 'content-type': formType },
    });
    stage.note('post', { status, listed: (body as unknown[][])[0]?.length });
  },
  'the content type of an answer': async (stage) => {
    const { headers } = await postText(`http://${stage.broker.host}/`, listForm, {
      headers: { 'content-type': formType },
    });
    stage.note('content type', headers['content-type']);
  },
  'a GET': async (stage) => {
    const response = await fetch(`http://${stage.broker.host}/`);
    stage.note('get', {
      status: response.status,
      type: response.headers.get('content-type'),
      isEmpty: (await response.text()) === '',
    });
  },
});
