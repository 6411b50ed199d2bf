import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ControlStatus } from '../control-status.ts';
import { Control } from './control.ts';
import { Site } from './site.ts';
import { WebServer } from './web-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'wsbroker-demo-'));
mkdirSync(join(folder, 'site/assets'), { recursive: true });
writeFileSync(join(folder, 'site/index.html'), '<!doctype html>page');
writeFileSync(join(folder, 'site/assets/page-1234.js'), 'script');
writeFileSync(join(folder, 'secret.txt'), 'secret');
afterAll(() => rmSync(folder, { recursive: true }));

const startServer = async () => {
  const orders: string[] = [];
  const status: { -readonly [K in keyof ControlStatus]: ControlStatus[K] } = {
    backend: { state: 'up', pid: 7, restarts: 0, returnsInMs: null },
    broker: { state: 'up', pid: 8, restarts: 0, returnsInMs: null, sockets: 2, disconnects: 0 },
  };
  const killable = (name: string) => ({
    restart: () => void orders.push(`restart ${name}`),
    stopFor: (ms: number) => void orders.push(`stop ${name} ${ms}`),
  });
  const control = new Control({
    backend: killable('backend'),
    broker: killable('broker'),
    status: () => status,
  });
  const web = new WebServer({ site: new Site(join(folder, 'site')), control, config: { brokerPort: 31002 } });
  await web.listen(0, '127.0.0.1');
  return {
    orders,
    status,
    control,
    ask: (path: string, method = 'GET', headers: Record<string, string> = {}) =>
      ask(web.port, path, { method, headers }),
    url: `http://127.0.0.1:${web.port}`,
    async [Symbol.asyncDispose]() {
      control[Symbol.dispose]();
      await web.close();
    },
  };
};

/** Not `fetch`, which tidies paths and sets headers of its own. */
const ask = (port: number, path: string, options: { method: string; headers: Record<string, string> }) =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    outgoing.on('error', reject).end();
  });

test('gives the page, its files, and where the broker is', async () => {
  await using server = await startServer();
  const page = await server.ask('/?x=1');
  expect(page).toMatchObject({ status: 200, text: '<!doctype html>page' });
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  const script = await server.ask('/assets/page-1234.js');
  expect(script.headers['content-type']).toContain('text/javascript');
  expect(script.headers['cache-control']).toContain('immutable');
  expect(JSON.parse((await server.ask('/config.json')).text)).toEqual({ brokerPort: 31002 });
  expect(await server.ask('/', 'HEAD')).toMatchObject({ status: 200, text: '' });
  const again = await server.ask('/', 'GET', { 'if-none-match': String(page.headers['etag']) });
  expect(again).toMatchObject({ status: 304, text: '' });
});

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '/nowhere', '/assets', '//'])(
  'finds nothing at %s',
  async (path) => {
    await using server = await startServer();
    expect((await server.ask(path)).status).toBe(404);
  },
);

test('a folder without a page is a mistake that says what to do', () => {
  expect(() => new Site(join(folder, 'nowhere'))).toThrow('The page is not built');
});

test('orders are taken by POST from the page itself, and from what is no browser', async () => {
  await using server = await startServer();
  const host = new URL(server.url).host;
  const same = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
  expect((await server.ask('/control/restart-backend', 'POST', same)).status).toBe(202);
  expect((await server.ask('/control/stop-backend', 'POST')).status).toBe(202);
  expect((await server.ask('/control/restart-broker', 'POST', same)).status).toBe(202);
  expect((await server.ask('/control/stop-broker', 'POST')).status).toBe(202);
  expect(server.orders).toEqual([
    'restart backend',
    'stop backend 10000',
    'restart broker',
    'stop broker 3000',
  ]);
});

test.each([
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1:1' },
  { origin: 'garbage' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
] as Record<string, string>[])('orders of another site are refused: %j', async (headers) => {
  await using server = await startServer();
  const answer = await server.ask('/control/restart-backend', 'POST', headers);
  expect(answer.status).toBe(403);
  expect((await server.ask('/control/status', 'GET', headers)).status).toBe(403);
  expect(server.orders).toEqual([]);
});

test('a link cannot give an order', async () => {
  await using server = await startServer();
  const answer = await server.ask('/control/restart-backend');
  expect(answer.status).toBe(405);
  expect(answer.headers['allow']).toBe('POST');
  expect((await server.ask('/control/self-destruct', 'POST')).status).toBe(404);
  expect(server.orders).toEqual([]);
});

test('the status is told at once, and again whenever it changes', async () => {
  await using server = await startServer();
  const response = await fetch(`${server.url}/control/status`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<ControlStatus> => {
    const { value = '' } = await reader.read();
    return JSON.parse(/^data: (.*)$/m.exec(value)![1]!) as ControlStatus;
  };
  expect(await next()).toEqual(server.status);
  server.status.backend = { state: 'stopped', pid: null, restarts: 0, returnsInMs: 10_000 };
  server.control.tell();
  expect(await next()).toEqual(server.status);
  server.control[Symbol.dispose]();
  expect((await reader.read()).done).toBe(true);
});
