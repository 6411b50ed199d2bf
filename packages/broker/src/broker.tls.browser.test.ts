import { certificate, has, launchBrowser, startFakeBackend, watchForLeaks } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from './index.ts';

/** Runs in the page. */
const exchange = (url: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send('{"type":"hello"}');
    socket.onmessage = ({ data }) => {
      resolve(String(data));
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(`closed with ${code}`);
  });

test.skipIf(!has('chromium'))(
  'a page of https:// connects by wss:// to a broker with `tls`; one that does not trust the certificate cannot',
  { timeout: 90_000 },
  async () => {
    const leaks = watchForLeaks();
    const { certFile: cert, keyFile: key } = certificate('first');
    {
      await using backend = await startFakeBackend(({ message }) =>
        message.type === 'client-hello' ? [{ type: 'send', message: { type: 'welcome' } }] : [],
      );
      await using broker = Broker({
        port: 0,
        host: '127.0.0.1',
        tls: { cert, key },
        backend: { url: backend.url },
        log: false,
      });
      await broker.ready;
      await using browser = await launchBrowser();
      const at = `127.0.0.1:${broker.port}`;
      const trusting = await browser.newPage({ ignoreHTTPSErrors: true });
      await trusting.goto(`https://${at}/`);
      expect(await trusting.evaluate(exchange, `wss://${at}/`)).toBe('{"type":"welcome"}');
      const strict = await browser.newPage();
      await expect(strict.goto(`https://${at}/`)).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
      // From a page of the same host, so that nothing but the certificate stands in the way.
      const page = await browser.newPage();
      await page.goto(backend.url);
      expect(await page.evaluate(exchange, `wss://${at}/`)).toBe('closed with 1006');
      const excused = await browser.newPage({ ignoreHTTPSErrors: true });
      await excused.goto(backend.url);
      expect(await excused.evaluate(exchange, `wss://${at}/`)).toBe('{"type":"welcome"}');
    }
    await leaks.assertNone();
  },
);
