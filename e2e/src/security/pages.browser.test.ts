/** Pages in a real browser that are not the broker's. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { has, launchBrowser, MemoryLogger, postCommands } from '@wsbroker/testkit';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

/** Every name below `localhost` is this machine, for a browser; the two are of one site, with the same cookies. */
const home = 'app.example.localhost';
const sibling = 'evil.example.localhost';
/** Of another site altogether. */
const foreign = 'evil.localhost';

const listenOn = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A broker that anybody on this machine may send commands to, and a server of pages that log the user in. */
const start = async (options: BrokerOptions = {}) => {
  const pages = createServer((_request, response) => {
    response.setHeader('set-cookie', 'session=alice; Path=/');
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><title>page</title><form method="post"><input name="data"></form>');
  });
  const pagePort = await listenOn(pages);
  const server = createServer();
  /** Handshakes that came, refused ones too. */
  const handshakes: IncomingHttpHeaders[] = [];
  server.on('upgrade', (request) => handshakes.push(request.headers));
  const brokerPort = await listenOn(server);
  const ran: unknown[] = [];
  const connected: Record<string, unknown>[] = [];
  const broker = Broker({
    server,
    log: new MemoryLogger(),
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1', '::1'] },
    backendCommands: { note: ({ text }) => ran.push(text) },
    onClientConnect: ({ sessionInfo }) => void connected.push({ ...sessionInfo }),
    ...options,
  });
  await broker.ready;
  return {
    ran,
    handshakes,
    connected,
    pageOf: (host: string) => `http://${host}:${pagePort}/`,
    brokerAt: (host: string) => `http://${host}:${brokerPort}/`,
    socketAt: (host: string) => `ws://${host}:${brokerPort}/`,
    post: () => postCommands(`http://127.0.0.1:${brokerPort}/`, [{ type: 'note', text: 'backend' }]),
    async [Symbol.asyncDispose]() {
      await broker.close();
      await closed(server);
      await closed(pages);
    },
  };
};

const openPage = async (browser: Browser, url: string): Promise<Page> => {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
};

/** Whether a page can open a WebSocket. */
const canConnect = (page: Page, url: string): Promise<boolean> =>
  page.evaluate(
    (to) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(to);
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      }),
    url,
  );

const canRun = has('chromium');

describe.skipIf(!canRun)('a command POST from a page is a 403, and no command runs', () => {
  test.each([
    ['of a foreign site', foreign, '127.0.0.1'],
    ['of the same site', sibling, home],
    ['of the same host', home, home],
  ])('a form of a page %s', { timeout: 120_000 }, async (_whose, pageHost, brokerHost) => {
    await using on = await start();
    await using browser = await launchBrowser();
    const page = await openPage(browser, on.pageOf(pageHost));
    const target = on.brokerAt(brokerHost);
    const answered = page.waitForResponse((response) => response.url() === target);
    await page.evaluate(
      ({ action, data }) => {
        const form = document.forms[0]!;
        form.action = action;
        (form.elements.namedItem('data') as HTMLInputElement).value = data;
        form.submit();
      },
      { action: target, data: JSON.stringify([{ type: 'note', text: 'form' }]) },
    );
    expect((await answered).status()).toBe(403);
    expect(await on.post()).toMatchObject({ status: 200 });
    expect(on.ran).toEqual(['backend']);
  });

  test.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
  ])('a `fetch` without CORS, as %s', { timeout: 120_000 }, async (_as, contentType) => {
    await using on = await start();
    await using browser = await launchBrowser();
    const page = await openPage(browser, on.pageOf(foreign));
    const target = on.brokerAt('127.0.0.1');
    const answered = page.waitForResponse((response) => response.url() === target);
    const type = await page.evaluate(
      async ({ url, body, header }) => {
        const answer = await fetch(url, {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
          headers: { 'content-type': header },
          body,
        });
        return answer.type;
      },
      {
        url: target,
        header: contentType,
        body: `data=${encodeURIComponent(JSON.stringify([{ type: 'note', text: 'fetch' }]))}`,
      },
    );
    expect(type).toBe('opaque');
    expect((await answered).status()).toBe(403);
    await on.post();
    expect(on.ran).toEqual(['backend']);
  });

  test(
    'a `fetch` of JSON, which a browser asks about before: it gets no leave',
    { timeout: 120_000 },
    async () => {
      await using on = await start();
      await using browser = await launchBrowser();
      const page = await openPage(browser, on.pageOf(foreign));
      const went = await page.evaluate(
        (url) =>
          fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: '[{"type":"note","text":"json"}]',
          }).then(
            () => 'answered',
            () => 'refused',
          ),
        on.brokerAt('127.0.0.1'),
      );
      expect(went).toBe('refused');
      await on.post();
      expect(on.ran).toEqual(['backend']);
    },
  );

  test(
    'with `commandHosts`, one of a page whose name was pointed to this machine (DNS rebinding)',
    { timeout: 120_000 },
    async () => {
      // For the browser this page and the broker are of one origin: it leaves out nothing, and asks nobody.
      await using on = await start({ commandHosts: ['localhost', '127.0.0.1'] });
      await using browser = await launchBrowser();
      const page = await openPage(browser, on.brokerAt(foreign));
      const status = await page.evaluate(
        (url) =>
          fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: '[{"type":"note","text":"rebound"}]',
          }).then((answer) => answer.status),
        on.brokerAt(foreign),
      );
      expect(status).toBe(403);
      expect((await on.post()).status).toBe(200);
      expect(on.ran).toEqual(['backend']);
    },
  );
});

describe.skipIf(!canRun)('a WebSocket', () => {
  // Browsers keep cookies from pages of other sites more and more, but not from those of other hosts of a site.
  test.each([
    [
      'of the same site, another host, comes with the cookies of the user, and is refused',
      sibling,
      'session=alice',
    ],
    ['of a foreign site is refused', foreign, undefined],
  ])('from a page %s', { timeout: 120_000 }, async (_whose, host, cookies) => {
    await using on = await start();
    await using browser = await launchBrowser();
    const context = await browser.newContext();
    const user = await context.newPage();
    await user.goto(on.pageOf(home));
    const evil = await context.newPage();
    await evil.goto(on.pageOf(host));
    expect(await canConnect(evil, on.socketAt(home))).toBe(false);
    expect(on.handshakes).toMatchObject([{ origin: on.pageOf(host).slice(0, -1) }]);
    expect(on.handshakes[0]?.cookie).toBe(cookies);
    expect(on.connected).toEqual([]);
  });

  test(
    'from a page of its own host, on another port, works, with its cookies',
    { timeout: 120_000 },
    async () => {
      await using on = await start();
      await using browser = await launchBrowser();
      const context = await browser.newContext();
      const user = await context.newPage();
      await user.goto(on.pageOf(home));
      expect(await canConnect(user, on.socketAt(home))).toBe(true);
      await expect.poll(() => on.connected, { timeout: 20_000 }).toMatchObject([{ session: 'alice' }]);
    },
  );

  test('from a sandboxed frame, whose origin is `null`, is refused', { timeout: 120_000 }, async () => {
    await using on = await start();
    await using browser = await launchBrowser();
    const page = await openPage(browser, on.pageOf(home));
    const isOpen = await page.evaluate(
      (url) =>
        new Promise<unknown>((resolve) => {
          addEventListener('message', ({ data }) => resolve(data));
          const frame = document.createElement('iframe');
          frame.setAttribute('sandbox', 'allow-scripts');
          frame.srcdoc = `<script>
            const socket = new WebSocket(${JSON.stringify(url)});
            socket.onopen = () => parent.postMessage(true, '*');
            socket.onerror = () => parent.postMessage(false, '*');
          </script>`;
          document.body.append(frame);
        }),
      on.socketAt(home),
    );
    expect(isOpen).toBe(false);
    expect(on.handshakes.map(({ origin }) => origin)).toEqual(['null']);
  });

  test(
    'from a page that is in `origins` works, and from its neighbours does not',
    { timeout: 120_000 },
    async () => {
      await using other = await start();
      await using on = await start({ origins: [other.pageOf(foreign).slice(0, -1)], requireOrigin: true });
      await using browser = await launchBrowser();
      expect(await canConnect(await openPage(browser, other.pageOf(foreign)), on.socketAt(home))).toBe(true);
      // The same host on another port is another origin.
      expect(await canConnect(await openPage(browser, on.pageOf(foreign)), on.socketAt(home))).toBe(false);
    },
  );
});
