/** Holds the settings that SECURITY.md tells to what the broker takes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { BrokerOptions } from './api.ts';
import { settingsFrom, unknownOptions } from './settings.ts';

const page = readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8');
const configs = [...page.matchAll(/^### (.+?)$[^#]*?^```json\n(.+?)^```$/gms)].map(
  ([, title = '', json = '']) => [title, JSON.parse(json) as BrokerOptions] as const,
);

test('SECURITY.md has settings for three set-ups', () => {
  expect(configs).toHaveLength(3);
});

test.each(configs)('the settings for this set-up are taken as they stand: %s', (_title, options) => {
  expect(unknownOptions(options)).toEqual([]);
  expect(settingsFrom(options)).toMatchObject(options);
});
