import type { Browser } from 'playwright-core';
import { chromiumPath } from './programs.ts';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of this machine without a window; `await using` ends it. */
export const launchBrowser = async (): Promise<Browser> => {
  // Not with the other imports: it takes longer to load than most test files to run, and few need it.
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: chromiumPath(), args: flags, timeout: 60_000 });
};
