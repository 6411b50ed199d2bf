import { afterEach, expect, test, vi } from 'vitest';
import { has } from './programs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a missing program is false, so that its tests are skipped', () => {
  vi.stubEnv('CI', '');
  vi.stubEnv('CHROMIUM', '/nowhere/chromium');
  expect(has('chromium')).toBe(false);
});

test('a missing program throws under CI, naming the package', () => {
  vi.stubEnv('CI', 'true');
  vi.stubEnv('CHROMIUM', '/nowhere/chromium');
  expect(() => has('chromium')).toThrow(
    'chromium is missing (tried `/nowhere/chromium --version`): apt-get install chromium',
  );
});

test('a program that runs but lacks what is needed is missing', () => {
  vi.stubEnv('CI', '');
  vi.stubEnv('PATH', '/nowhere');
  expect(has('php')).toBe(false);
});
