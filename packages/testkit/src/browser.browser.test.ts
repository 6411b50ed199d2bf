import { expect, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { has } from './programs.ts';

test.skipIf(!has('chromium'))('runs a page', { timeout: 90_000 }, async () => {
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  await page.setContent('<title>hello</title>');
  expect(await page.title()).toBe('hello');
});
