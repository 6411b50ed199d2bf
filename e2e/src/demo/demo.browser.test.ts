import { networkInterfaces } from 'node:os';
import { connectRaw, has, launchBrowser } from '@wsbroker/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChat } from './chat-page.ts';
import { dataFolder, startDemo } from './demo-process.ts';

const hasChromium = has('chromium');
const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${name} ${at + 1}`);

/** One that is not `localhost`, and so gets none of what browsers allow only there; if this machine has one. */
const otherAddress = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';

/** What the browser itself says of a socket while there is no broker. */
const isLostSocket = (error: string): boolean => /^WebSocket connection to .* failed/.test(error);

describe.skipIf(!hasChromium)('the demo in a browser', { timeout: 240_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test('the backend is killed, restarted and stopped: both sockets stay, and every line arrives once, in order, on both pages', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    await using ada = await openChat(browser, demo.url);
    await using grace = await openChat(browser, demo.url);
    await ada.enter('Ada');
    await grace.enter('Grace');
    await ada.person('Grace').waitFor();

    await ada.say('Hello');
    await grace.say('Hi Ada');
    await ada.settled(2);
    await grace.settled(2);
    const keys = await demo.connectionKeys();
    expect(keys).toHaveLength(2);

    const sayMeanwhile = async (
      when: string,
      between = async (): Promise<unknown> => undefined,
    ): Promise<void> => {
      for (const [index, text] of numbered(when, 4).entries()) {
        await between();
        await ada.say(`Ada ${text}`);
        if (index % 2 === 1) await grace.say(...numbered(`Grace ${text}`, 2));
      }
    };

    // By a hand outside.
    const pid = await demo.pid('backend');
    await demo.kill('backend');
    await sayMeanwhile('killed');
    await ada.settled(10);

    // By the button that starts it again at once.
    await ada.page.getByRole('button', { name: 'Restart backend' }).click();
    await sayMeanwhile('restarted');
    await ada.page.getByText('The backend is back').waitFor();
    await ada.settled(18);

    // By the button that keeps it away.
    await grace.page.getByRole('button', { name: 'Stop it for 10 s' }).click();
    await ada.page.getByText('The backend is away, back in').waitFor();
    await grace.page.getByText('no process').waitFor();
    // However slow this machine is: each order begins the ten seconds anew.
    const stayAway = (): Promise<unknown> => demo.order('stop-backend');
    await sayMeanwhile('stopped', stayAway);
    await stayAway();
    await ada.page.getByText('4 lines wait').waitFor();
    await grace.page.getByText('The broker has it and waits for the backend').waitFor();
    // One tick each: the broker has them, and the backend has not.
    expect(await ada.ticks()).toEqual([
      ...Array<string>(9).fill('delivered'),
      ...Array<string>(4).fill('acknowledged'),
    ]);
    expect(await ada.unconfirmed.count()).toBe(4);
    expect((await demo.status()).backend.state).toBe('stopped');
    // Nobody helps: it comes back by itself.
    await ada.page.getByText('The backend is back').waitFor({ timeout: 60_000 });

    await ada.settled(26);
    await grace.settled(26);
    const lines = await ada.lines();
    expect(await grace.lines()).toEqual(lines);
    expect(lines).toHaveLength(26);
    expect(new Set(lines).size).toBe(26);
    const from = (name: string): string[] => lines.filter((line) => line.startsWith(`${name} `));
    const phases = ['killed', 'restarted', 'stopped'];
    expect(from('Ada')).toEqual(phases.flatMap((phase) => numbered(`Ada ${phase}`, 4)));
    expect(from('Grace')).toEqual(
      phases.flatMap((phase) => [2, 4].flatMap((at) => numbered(`Grace ${phase} ${at}`, 2))),
    );

    expect(await demo.connectionKeys()).toEqual(keys);
    for (const { sockets, errors } of [ada, grace]) {
      expect(sockets.map((socket) => socket.isClosed())).toEqual([false]);
      expect(errors).toEqual([]);
    }
    const status = await demo.status();
    expect(status.broker).toMatchObject({ restarts: 0, sockets: 2, disconnects: 0 });
    expect(status.backend).toMatchObject({ state: 'up', restarts: 3 });
    expect(status.backend.pid).not.toBe(pid);
  });

  test('the broker is killed while two people write: the pages say so and come back by themselves, every line arrives once, in order, and nobody has left', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    await using ada = await openChat(browser, demo.url);
    await using grace = await openChat(browser, demo.url);
    await ada.enter('Ada');
    await grace.enter('Grace');
    await ada.person('Grace').waitFor();
    await ada.say('Hello');
    await grace.settled(1);
    const keys = await demo.connectionKeys();
    await ada.watchPeople();
    await grace.watchPeople();

    const writeMeanwhile = async (when: string): Promise<void> => {
      for (const text of numbered(when, 4)) {
        await ada.say(`Ada ${text}`);
        await grace.say(`Grace ${text}`);
      }
    };

    // In the middle of what they write.
    const writing = writeMeanwhile('killed');
    await ada.page.getByText('Ada killed 2', { exact: true }).waitFor();
    const pid = await demo.pid('broker');
    await demo.kill('broker');
    await writing;
    await ada.settled(9);
    await grace.settled(9);

    // By the button: it says what is missing, and what becomes of what one writes.
    await grace.page.getByRole('button', { name: 'Kill broker' }).click();
    await ada.page.getByText('The broker is away').waitFor();
    await grace.page.getByText('no process').waitFor();
    await demo.order('stop-broker');
    await writeMeanwhile('away');
    await ada.page.getByText('Waits for a connection').waitFor();
    expect(await ada.unconfirmed.count()).toBe(4);
    // Nobody helps: it comes back by itself, and so do they.
    await ada.page.getByText('Connected again').waitFor();
    await ada.settled(17);
    await grace.settled(17);

    // Broker and backend at once.
    await demo.order('stop-backend');
    await grace.say('Grace both 1');
    await grace.page.getByText('The broker has it').waitFor();
    await demo.kill('broker');
    await ada.say('Ada both 1');
    await ada.settled(19);
    await grace.settled(19);

    const lines = await ada.lines();
    expect(await grace.lines()).toEqual(lines);
    expect(lines).toHaveLength(19);
    for (const name of ['Ada', 'Grace']) {
      expect(lines.filter((line) => line.startsWith(`${name} `))).toEqual([
        ...numbered(`${name} killed`, 4),
        ...numbered(`${name} away`, 4),
        `${name} both 1`,
      ]);
    }
    expect(new Set([...(await ada.ticks()), ...(await grace.ticks())])).toEqual(new Set(['delivered']));
    // The same connections, in another process: for nobody has anybody left.
    expect((await demo.connectionKeys()).toSorted()).toEqual(keys.toSorted());
    expect(await ada.peopleSeen()).toEqual([['Ada', 'Grace']]);
    expect(await grace.peopleSeen()).toEqual([['Ada', 'Grace']]);
    const status = await demo.status();
    expect(status.broker).toMatchObject({ state: 'up', sockets: 2, disconnects: 0, restarts: 3 });
    expect(status.broker.pid).not.toBe(pid);
    expect([...ada.errors, ...grace.errors].filter((error) => !isLostSocket(error))).toEqual([]);
  });

  test('names, presence, typing, rooms and unread lines', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    await using ada = await openChat(browser, demo.url);
    await ada.enter('Ada');
    await ada.page.getByText('Nothing has been said in #lobby yet.').waitFor();

    // A name that is taken is said at its field.
    await using grace = await openChat(browser, demo.url);
    await grace.page.getByLabel('Your name').fill(' ada ');
    await grace.page.getByRole('button', { name: 'Enter' }).click();
    await grace.page.getByText('is called ada already').waitFor();
    await grace.enter('Grace');
    await ada.person('Grace').waitFor();
    expect(await ada.people()).toEqual(['Ada', 'Grace']);

    // Typing is seen by the other, and ends by itself.
    await grace.composer.pressSequentially('Hm');
    await ada.page.getByText('Grace is typing').waitFor();
    await ada.page.getByText('Grace is typing').waitFor({ state: 'hidden' });
    expect(await grace.page.getByText('is typing').count()).toBe(0);

    // What is written is text, whatever it looks like; addresses can be followed.
    await grace.say('<img src=x onerror=alert(1)> & https://example.com/a?b=1.');
    await ada.settled(1);
    expect(await ada.lines()).toEqual(['<img src=x onerror=alert(1)> & https://example.com/a?b=1.']);
    expect(await ada.page.locator('.bubble a').getAttribute('href')).toBe('https://example.com/a?b=1');
    await ada.page.locator('.bubble').hover();
    expect(await ada.page.locator('.bubble').getAttribute('title')).toMatch(
      /^(this minute|\d+ minutes? ago) – .+\d{4}/,
    );
    await ada.page.getByRole('region', { name: 'Today' }).waitFor();

    // A new room; what is said elsewhere is counted.
    await ada.page.getByRole('button', { name: 'New room' }).click();
    await ada.page.getByLabel('Name of the room').fill('a/b');
    await ada.page.keyboard.press('Enter');
    await ada.page.getByText('Letters, digits').waitFor();
    await ada.page.getByLabel('Name of the room').fill('Coffee Corner');
    await ada.page.keyboard.press('Enter');
    await ada.page.getByRole('heading', { name: 'coffee-corner' }).waitFor();
    expect(new URL(ada.page.url()).hash).toBe('#coffee-corner');
    await ada.page.getByText('Nothing has been said in #coffee-corner yet.').waitFor();
    await grace.person('Ada').waitFor({ state: 'detached' });
    await grace.roomLink('coffee-corner').waitFor();
    await grace.say('one', 'two');
    await ada.roomLink('lobby').getByText('2 unread').waitFor();
    await ada.page.waitForFunction(() => document.title === '(2) #coffee-corner – WSBroker chat');
    await ada.page.goBack();
    await ada.settled(3);
    expect(await ada.page.title()).toBe('#lobby – WSBroker chat');

    // Who is here is known to a backend that has just started, and so is who leaves after that.
    await demo.order('restart-backend');
    await ada.page.getByText('The backend is back').waitFor();
    await using linus = await openChat(browser, demo.url);
    await linus.enter('Linus');
    expect(await linus.people()).toEqual(['Ada', 'Grace', 'Linus']);
    await grace[Symbol.asyncDispose]();
    await ada.person('Grace').waitFor({ state: 'detached' });

    // Another name, for what comes from now on.
    await ada.say('as Ada');
    await ada.page.getByRole('button', { name: 'Change your name' }).click();
    await ada.page.getByLabel('Your name').fill('Linus');
    await ada.page.keyboard.press('Enter');
    await ada.page.getByText('is called Linus already').waitFor();
    await ada.page.getByLabel('Your name').fill('Countess');
    await ada.page.keyboard.press('Enter');
    await linus.person('Countess').waitFor();
    await ada.say('as Countess');
    await linus.settled(5);
    expect(await linus.page.locator('.who .name').allInnerTexts()).toEqual(['Grace', 'Ada', 'Countess']);
    expect([...ada.errors, ...linus.errors]).toEqual([]);

    // The name is remembered; a new tab is somebody else.
    const tab = await ada.page.context().newPage();
    await tab.goto(demo.url);
    await tab.waitForFunction(() => document.querySelector('input')?.value === 'Countess');
  });

  test('the demo ends and starts again: pages come back by themselves, with the history and with what was written meanwhile', async () => {
    using data = dataFolder();
    const environment = { DEMO_DATA: data.file };
    const before = await startDemo(environment);
    await using ada = await openChat(browser, before.url);
    await using grace = await openChat(browser, before.url);
    await ada.enter('Ada');
    await grace.enter('Grace');
    await ada.say('before');
    await grace.settled(1);

    await before.process.stop('SIGTERM');
    await ada.page.getByText('Your messages wait in this tab').waitFor();
    await ada.say('meanwhile 1', 'meanwhile 2');
    await grace.say('from the other');
    expect(await ada.unconfirmed.count()).toBe(2);

    await using after = await startDemo(environment, before);
    await ada.settled(4);
    await grace.settled(4);
    const lines = await ada.lines();
    expect(await grace.lines()).toEqual(lines);
    expect(lines.toSorted()).toEqual(['before', 'from the other', 'meanwhile 1', 'meanwhile 2']);
    expect(lines.indexOf('meanwhile 2')).toBeGreaterThan(lines.indexOf('meanwhile 1'));
    // One came back before the other had, and both know of both.
    await ada.person('Grace').waitFor();
    await grace.person('Ada').waitFor();
    expect((await after.status()).broker.sockets).toBe(2);

    await using late = await openChat(browser, after.url);
    await late.enter('Late');
    await late.settled(4);
    expect(await late.lines()).toEqual(lines);
  });

  test('a page that is loaded again while the backend is away loses nothing, and says nothing twice', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    await using ada = await openChat(browser, demo.url);
    await ada.enter('Ada');
    await demo.order('stop-backend');
    await ada.page.getByText('The backend is away').waitFor();
    await ada.say('one', 'two');
    await ada.page.reload();
    await ada.composer.waitFor();
    expect(await ada.lines()).toEqual(['one', 'two']);
    await ada.say('three');
    await ada.page.getByRole('button', { name: 'Start it now' }).click();
    await ada.settled(3);
    await using late = await openChat(browser, demo.url);
    await late.enter('Late');
    await late.settled(3);
    expect(await late.lines()).toEqual(['one', 'two', 'three']);
  });

  test('a long history comes page by page, and the place where one reads stays where it is', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    const count = 250;
    await using talker = await connectRaw(`ws://127.0.0.1:${demo.brokerPort}/`);
    talker.send({ type: 'enter', token: 'token-of-the-talker', name: 'Talker', room: 'lobby' });
    for (let at = 1; at <= count; at += 1) {
      talker.send({ type: 'say', id: `line-number-${at}`, room: 'lobby', text: `Line ${at}` });
    }
    await using ada = await openChat(browser, demo.url);
    await ada.enter('Ada');
    await ada.page.getByText(`Line ${count}`, { exact: true }).waitFor();
    await ada.page.reload();
    await ada.settled(100);
    expect(await ada.lines()).toEqual(numbered('Line', count).slice(-100));

    // What was the first line is still in sight, with those before it above.
    const first = ada.page.getByText('Line 151', { exact: true });
    await ada.page.locator('.lines').evaluate((element) => (element.scrollTop = 0));
    const placeBefore = await first.boundingBox();
    await ada.page.getByRole('button', { name: 'Show earlier lines' }).click();
    await ada.settled(200);
    const placeAfter = await first.boundingBox();
    expect(Math.abs(placeAfter!.y - placeBefore!.y)).toBeLessThan(60);

    // Scrolled up, one is told of new lines and not torn away.
    talker.send({ type: 'say', id: 'line-number-last', room: 'lobby', text: 'Last' });
    await ada.page.getByRole('button', { name: '1 new line' }).click();
    await ada.page.getByText('Last', { exact: true }).waitFor();
    await ada.page.getByRole('button', { name: '1 new line' }).waitFor({ state: 'detached' });

    await ada.page.getByRole('button', { name: 'Show earlier lines' }).click();
    await ada.settled(count + 1);
    await ada.page.getByRole('button', { name: 'Show earlier lines' }).waitFor({ state: 'detached' });
    expect(await ada.lines()).toEqual([...numbered('Line', count), 'Last']);
  });

  test('works under another address of this machine, as from a phone', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file, HOST: '0.0.0.0' });
    await using phone = await openChat(browser, `http://${otherAddress()}:${demo.port}/`);
    await using ada = await openChat(browser, demo.url);
    await phone.enter('Phone');
    await ada.enter('Ada');
    await phone.page.getByRole('button', { name: 'Restart backend' }).click();
    await phone.page.getByText('The backend is back').waitFor();
    await phone.say('hello');
    await ada.settled(1);
    expect(new URL(phone.sockets[0]!.url()).hostname).toBe(otherAddress());
    expect(phone.errors).toEqual([]);
  });

  test('works by keyboard alone, on a narrow screen, in light and in dark, without a horizontal scroll bar', async () => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    await using ada = await openChat(browser, demo.url, {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    });
    const { page } = ada;
    const { keyboard } = page;
    const overflow = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

    // The name has the focus; what is wrong is said at the field.
    await page.getByLabel('Your name').waitFor();
    await keyboard.press('Enter');
    await page.getByText('What shall we call you?').waitFor();
    expect(await page.getByLabel('Your name').getAttribute('aria-invalid')).toBe('true');
    expect(await overflow()).toBe(0);
    await keyboard.type('Ada');
    await keyboard.press('Enter');
    await ada.composer.waitFor();
    expect(await overflow()).toBe(0);

    // The first stop of the page leads straight to the message box, from wherever one is.
    await page.evaluate(() => document.querySelector<HTMLElement>('#root a, #root button')?.focus());
    await page.getByRole('link', { name: 'Skip to the message box' }).press('Enter');
    await keyboard.type('one');
    await keyboard.press('Shift+Enter');
    await keyboard.type('two');
    await keyboard.press('Enter');
    await ada.settled(1);
    expect(await ada.lines()).toEqual(['one\ntwo']);
    await ada.say('x'.repeat(1_000));
    await ada.settled(2);
    expect(await overflow()).toBe(0);
    await ada.composer.fill('x'.repeat(1_001));
    await page.getByText('At most 1000 characters; this has 1001.').waitFor();
    await keyboard.press('Enter');
    expect(await ada.lines()).toHaveLength(2);

    // Rooms and people come when asked for, and go with Escape; the focus returns.
    const menu = page.getByRole('button', { name: 'Rooms and people' });
    await menu.focus();
    await keyboard.press('Enter');
    await ada.person('Ada').waitFor();
    await page.getByRole('button', { name: 'New room' }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('button', { name: 'New room' }).waitFor({ state: 'hidden' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-expanded') === 'false');

    // The lights open the buttons.
    await page.getByRole('button', { name: 'Socket open, Backend up' }).press('Enter');
    await page.getByRole('button', { name: 'Restart backend' }).press('Enter');
    await page.getByText('The backend is back').waitFor();
    expect(await overflow()).toBe(0);

    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background()).not.toBe(dark);
    expect(ada.errors).toEqual([]);
  });
});
