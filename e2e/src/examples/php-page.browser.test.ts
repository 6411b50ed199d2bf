import { has, launchBrowser } from '@wsbroker/testkit';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { phpExample, startExample } from './example.ts';

const canRun = has('php') && has('chromium');

const say = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
};

test.skipIf(!canRun)('what is typed in one page shows in both, as text', { timeout: 120_000 }, async () => {
  await using example = await startExample(phpExample);
  await using browser = await launchBrowser();
  const [ada, bob] = [await browser.newPage(), await browser.newPage()];
  const problems: string[] = [];
  for (const page of [ada, bob]) {
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(example.backendUrl);
    await page.getByText(/^Welcome\. You are Guest \d+\.$/).waitFor();
  }
  await ada.getByLabel('Your name').fill('Ada <i>');
  await ada.getByRole('button', { name: 'Change name' }).click();
  await bob.getByText('is now Ada <i>.').waitFor();
  await say(ada, '<img src=x onerror="document.title=1">');
  for (const page of [ada, bob]) {
    await page.getByText('Ada <i>: <img src=x onerror="document.title=1">').waitFor();
    expect(await page.locator('#lines img, #lines i').count()).toBe(0);
  }

  await bob.goto(`${example.backendUrl}list.php`);
  await bob.getByText('Ada <i>').waitFor();
  expect(await bob.locator('li i').count()).toBe(0);
  expect(problems).toEqual([]);
});

test.skipIf(!canRun)(
  'the page stays connected while PHP is killed and started again',
  { timeout: 120_000 },
  async () => {
    await using example = await startExample(phpExample);
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    let sockets = 0;
    page.on('websocket', () => {
      sockets += 1;
    });
    await page.goto(example.backendUrl);
    await page.getByText('Welcome.').waitFor();
    await example.killBackend();
    await say(page, 'said while PHP is away');
    expect(await page.locator('#status').textContent()).toBe('open');
    await example.startBackend();
    await page.getByText(/^Guest \d+: said while PHP is away$/).waitFor();
    expect(await page.locator('#status').textContent()).toBe('open');
    expect(sockets).toBe(1);
  },
);

test.skipIf(!canRun)('leaving closes the connection for good', { timeout: 120_000 }, async () => {
  await using example = await startExample(phpExample);
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(example.backendUrl);
  await page.getByText('Welcome.').waitFor();
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect.poll(() => page.locator('#status').textContent(), { timeout: 20_000 }).toBe('closed');
});

test.skipIf(!canRun)('a page that comes later shows what was said before', { timeout: 120_000 }, async () => {
  await using example = await startExample(phpExample);
  await using browser = await launchBrowser();
  const ada = await browser.newPage();
  await ada.goto(example.backendUrl);
  await ada.getByText('Welcome.').waitFor();
  await say(ada, 'before you came');
  await ada.getByText(/: before you came$/).waitFor();
  const bob = await browser.newPage();
  await bob.goto(example.backendUrl);
  await bob.getByText(/^Guest \d+: before you came$/).waitFor();
});
