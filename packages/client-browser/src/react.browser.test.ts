import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { brokerStarter, has, launchBrowser } from '@wsbroker/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle, type PageServer, startPageServer } from '../test/page-server.ts';

const startBroker = brokerStarter<BrokerOptions, Broker>(Broker);

/** An echo that also writes down what happens. */
const listen = async () => {
  const happened: string[] = [];
  const broker = await startBroker({
    onClientConnect: () => void happened.push('connect'),
    onClientDisconnect: () => void happened.push('disconnect'),
    onClientMessage(message, connection) {
      happened.push(String(message.type));
      if (message.type === 'say') connection.send({ ...message, type: 'echo' });
    },
  });
  return { broker, happened, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
};

describe.skipIf(!has('chromium'))('in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let pages: PageServer;
  beforeAll(async () => {
    [browser, pages] = await Promise.all([launchBrowser(), startPageServer(await bundle('react-app.tsx'))]);
  });
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
  });

  const openApp = async (broker: string, more = '') => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (line) => ['error', 'warning'].includes(line.type()) && errors.push(line.text()));
    await page.goto(`${pages.url}/app?broker=${broker}${more}`);
    return { page, errors, [Symbol.asyncDispose]: () => page.close() };
  };
  const shows = (page: Page, id: string, text: string): Promise<unknown> =>
    page.waitForFunction(
      ([selector, wanted]) => document.querySelector(`#${selector}`)?.textContent === wanted,
      [id, text] as const,
    );

  test('strict mode makes one socket, and children send from their effects', async () => {
    await using listening = await listen();
    await using opened = await openApp(listening.broker.url);
    const { happened } = listening;
    await shows(opened.page, 'state', 'open');
    // Mounted, taken off and mounted again: React runs the effects of the child so, and nothing is lost.
    await expect.poll(() => happened).toEqual(['connect', 'join', 'leave', 'join']);
    expect(opened.errors).toEqual([]);
  });

  test('useMessages keeps the latest, and useMessage calls the listener of the latest rendering', async () => {
    await using listening = await listen();
    await using opened = await openApp(listening.broker.url);
    const { page } = opened;
    await shows(page, 'state', 'open');
    let sum = 0;
    for (const n of [1, 2, 3, 4, 4]) {
      await page.click('#send');
      sum += n;
      await shows(page, 'sum', String(sum));
    }
    await shows(page, 'latest', '3 4 4');
    await shows(page, 'left', '0');
    expect(opened.errors).toEqual([]);
  });

  test('useStatus renders what changes', async () => {
    await using opened = await openApp('http://127.0.0.1:1');
    const { page } = opened;
    await shows(page, 'state', 'waiting');
    await page.click('#send');
    await shows(page, 'queued', '4');
    await shows(page, 'tick', 'queued');
  });

  test('useSent renders how far a message has come', async () => {
    await using listening = await listen();
    await using opened = await openApp(listening.broker.url);
    const { page, errors } = opened;
    await shows(page, 'tick', '');
    await page.click('#send');
    await shows(page, 'tick', 'delivered');
    expect(errors).toEqual([]);
  });

  test('closes when the component goes, after a farewell of its children, and connects when it is back', async () => {
    await using listening = await listen();
    await using opened = await openApp(listening.broker.url);
    const { page, errors } = opened;
    const { happened } = listening;
    await shows(page, 'state', 'open');
    await expect.poll(() => happened).toHaveLength(4);
    await page.click('#toggle');
    await expect.poll(() => happened.slice(4)).toEqual(['leave', 'disconnect']);
    await page.click('#toggle');
    await shows(page, 'state', 'open');
    await expect.poll(() => happened.slice(6)).toEqual(['connect', 'join', 'leave', 'join']);
    expect(errors).toEqual([]);
  });

  test('takes over a page that a server has rendered, without a mismatch', async () => {
    await using listening = await listen();
    await using opened = await openApp(listening.broker.url, '&hydrate');
    const { page, errors } = opened;
    expect(await page.title()).toBe('idle');
    await shows(page, 'state', 'open');
    expect(errors).toEqual([]);
  });
});
