import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { brokerStarter, chromiumPath, has, launchBrowser, spawnProcess } from '@wsbroker/testkit';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Client } from './client.ts';
import type * as api from './global.ts';
import { type PageServer, startPageServer } from '../test/page-server.ts';

/** What the tests put into the page. */
interface TestWindow {
  WSBroker: typeof api;
  client: Client;
  seen: unknown[];
  states: string[];
}
declare const window: TestWindow;

const startBroker = brokerStarter<BrokerOptions, Broker>(Broker);
const echo = {
  backend: {
    type: 'function',
    handle: ({ type, ...fields }) =>
      type.startsWith('client-') ? [{ type: 'send', message: { ...fields, type: 'echo', was: type } }] : [],
  },
} satisfies BrokerOptions;

interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page and its console. */
  readonly errors: string[];
}

describe.skipIf(!has('chromium'))('in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let pages: PageServer;
  beforeAll(async () => {
    [browser, pages] = await Promise.all([launchBrowser(), startPageServer()]);
  });
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
  });

  const openPage = async (from: Browser = browser): Promise<OpenPage> => {
    const context = await from.newContext();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (line) => line.type() !== 'log' && errors.push(line.text()));
    await page.goto(pages.url);
    return { page, context, errors, [Symbol.asyncDispose]: () => context.close() };
  };

  /** Connects in the page, and keeps there what is received and every state. */
  const connect = (page: Page, url: string): Promise<void> =>
    page.evaluate((address) => {
      const client = window.WSBroker.createClient({ url: address, backoff: { minMs: 20, maxMs: 200 } });
      window.client = client;
      window.seen = [];
      window.states = [];
      client.on('*', (message) => window.seen.push(message));
      client.subscribe(({ state }) => window.states.push(state));
    }, url);

  const state = async (page: Page, wanted: string): Promise<void> => {
    await page.waitForFunction((name) => window.client.status.state === name, wanted);
  };
  const send = (page: Page, message: { type: string; [field: string]: unknown }): Promise<void> =>
    page.evaluate((it) => void window.client.send(it), message);
  /** Waits until so many messages have arrived, and returns them. */
  const received = async (page: Page, count: number): Promise<unknown[]> => {
    await page.waitForFunction((least) => window.seen.length >= least, count);
    return await page.evaluate(() => window.seen);
  };

  test('a script tag brings WSBroker: connects, sends, receives, without an error in the console', async () => {
    await using broker = await startBroker(echo);
    await using opened = await openPage();
    const { page, errors } = opened;
    expect(await page.evaluate(() => Object.keys(window.WSBroker))).toEqual(['ClientError', 'createClient']);
    await connect(page, broker.httpUrl);
    await send(page, { type: 'say', text: 'hi' });
    expect(await received(page, 1)).toEqual([{ type: 'echo', was: 'client-say', text: 'hi' }]);
    expect(await page.evaluate(() => window.client.status)).toMatchObject({
      state: 'open',
      attempt: 0,
      queued: 0,
    });
    await page.evaluate(() => window.client.close(3000, 'bye'));
    expect(new Set(await page.evaluate(() => window.states))).toEqual(
      new Set(['connecting', 'open', 'closed']),
    );
    expect(errors).toEqual([]);
  });

  test('loops over messages()', async () => {
    await using broker = await startBroker(echo);
    await using opened = await openPage();
    const { page } = opened;
    await connect(page, broker.url);
    const count = await page.evaluate(async () => {
      const { client } = window;
      let sum = 0;
      for (const n of [1, 2, 3]) client.send({ type: 'add', n });
      for await (const message of client.messages('echo')) {
        sum += Number(message['n']);
        if (sum === 6) client.close();
      }
      return sum;
    });
    expect(count).toBe(6);
  });

  test('reports a listener that throws to the page', async () => {
    await using broker = await startBroker(echo);
    await using opened = await openPage();
    const { page, errors } = opened;
    await connect(page, broker.url);
    await page.evaluate(() => {
      window.client.on('echo', () => {
        throw new Error('mine');
      });
    });
    await send(page, { type: 'say' });
    await received(page, 1);
    await expect.poll(() => errors).toEqual([expect.stringContaining('mine')]);
  });

  test('comes back when the broker process is killed and starts again on its port', async () => {
    const cli = fileURLToPath(import.meta.resolve('@wsbroker/broker').replace(/index\.js$/, 'cli.js'));
    const startProcess = (port: number) =>
      spawnProcess(process.execPath, [cli, '--host', '127.0.0.1', '--port', String(port), '--log', 'debug'], {
        readyWhen: /listening on port \d+/,
      });
    await using opened = await openPage();
    const { page } = opened;
    let port: number;
    {
      await using first = await startProcess(0);
      port = Number(/listening on port (\d+)/.exec(first.output)?.[1]);
      await connect(page, `ws://127.0.0.1:${port}`);
      await state(page, 'open');
      first.kill('SIGKILL');
      await first.exited;
    }
    await page.waitForFunction(() => window.client.status.attempt > 1);
    await page.evaluate(() => {
      for (let n = 0; n < 20; n++) window.client.send({ type: 'count', n });
    });
    expect(await page.evaluate(() => window.client.status.queued)).toBe(20);
    await using second = await startProcess(port);
    await state(page, 'open');
    expect(await page.evaluate(() => window.client.status.queued)).toBe(0);
    await expect
      .poll(() => [...second.output.matchAll(/"?\bn"?: (\d+)/g)].map((found) => Number(found[1])), {
        timeout: 20_000,
      })
      .toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test('is offline while the browser is, and sends what was queued when that ends', async () => {
    await using broker = await startBroker(echo);
    await using opened = await openPage();
    const { page, context } = opened;
    await connect(page, broker.url);
    await state(page, 'open');
    await context.setOffline(true);
    await state(page, 'offline');
    await send(page, { type: 'kept' });
    await context.setOffline(false);
    await state(page, 'open');
    expect(await received(page, 1)).toEqual([{ type: 'echo', was: 'client-kept' }]);
  });

  test('tries at once when the page is shown', async () => {
    await using opened = await openPage();
    const { page } = opened;
    let port: number;
    {
      await using broker = await startBroker(echo);
      ({ port } = broker);
      // So long a wait that nothing but the page being shown can end it within the test.
      await page.evaluate((url) => {
        const backoff = { minMs: 10_000_000, maxMs: 10_000_000 };
        window.client = window.WSBroker.createClient({ url, backoff, random: () => 0.99 });
      }, broker.url);
      await state(page, 'open');
    }
    await state(page, 'waiting');
    await using broker = await startBroker({ ...echo, port });
    // Headless pages are always visible: the page is told so with its own means.
    const turn = (visibilityState: string) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, value });
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      }, visibilityState);
    await turn('hidden');
    expect(await page.evaluate(() => window.client.status.state)).toBe('waiting');
    await turn('visible');
    await state(page, 'open');
    expect(broker.websocketServer).toBeDefined();
  });

  test('goes into the back-forward cache, and its connection goes on when it comes out', async () => {
    await using broker = await startBroker(echo);
    // Playwright turns the cache off.
    await using cachingBrowser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    await using opened = await openPage(cachingBrowser);
    const { page } = opened;
    await connect(page, broker.url);
    await state(page, 'open');
    const key = await page.evaluate(() => window.client.status.connection);
    await page.goto(`${pages.url}/away`);
    await page.goBack({ waitUntil: 'commit' });
    // The very page, with all that was in it: not one that was loaded anew.
    await state(page, 'open');
    expect(await page.evaluate(() => window.states)).toEqual([
      'connecting',
      'open',
      'suspended',
      'connecting',
      'open',
    ]);
    expect(await page.evaluate(() => window.client.status.connection)).toBe(key);
    await send(page, { type: 'say' });
    expect(await received(page, 1)).toEqual([{ type: 'echo', was: 'client-say' }]);
  });

  test('settles messages and answers requests', async () => {
    await using broker = await startBroker({
      backend: {
        type: 'function',
        handle: ({ type, n }) => (type === 'client-ask' ? [{ type: 'reply', message: { n } }] : []),
      },
    });
    await using opened = await openPage();
    const { page, errors } = opened;
    await connect(page, broker.url);
    const results = await page.evaluate(() => {
      const { client } = window;
      return Promise.all([client.send({ type: 'say' }).settled, client.request({ type: 'ask', n: 7 })]);
    });
    expect(results).toEqual([{ outcome: 'delivered' }, { n: 7 }]);
    expect(errors).toEqual([]);
  });

  test('fails with a server that agrees to no subprotocol, and speaks to it with protocol plain', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
    await once(server, 'listening');
    await using opened = await openPage();
    const { page } = opened;
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await connect(page, url);
      await page.waitForFunction(() => window.client.status.attempt > 1);
      await page.evaluate((address) => {
        window.client.close();
        window.client = window.WSBroker.createClient({ url: address, protocol: 'plain' });
      }, url);
      await state(page, 'open');
    } finally {
      for (const socket of server.clients) socket.terminate();
      server.close();
    }
  });
});
