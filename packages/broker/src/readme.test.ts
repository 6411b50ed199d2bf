import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { usage } from './cli-options.ts';
import { functionBackendSchema, httpBackendSchema, programmaticSchema, settingsSchema } from './options.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const readme = read('../README.md');

const section = (title: string): string =>
  readme.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';

/** The rows of the tables of options, by name. */
const rows = new Map(
  [...section('Options').matchAll(/^\| `([\w.]+)` +\|(.*)\|$/gm)].map(([, name = '', cells = '']) => [
    name,
    cells.split(' |').map((cell) => cell.replace(/^\| ?/, '').trim()),
  ]),
);

interface OptionSchema {
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

const optionsIn = (schema: z.ZodType, prefix = ''): [string, OptionSchema][] => {
  const { properties } = z.toJSONSchema(schema, { unrepresentable: 'any' }) as {
    properties: Record<string, OptionSchema>;
  };
  return Object.entries(properties).map(([name, option]) => [prefix + name, option]);
};

const options = [
  ...optionsIn(settingsSchema),
  ...optionsIn(httpBackendSchema, 'backend.'),
  ...optionsIn(functionBackendSchema, 'backend.').filter(([name]) => name !== 'backend.type'),
];

test('there are options to look for', () => {
  expect(options.length).toBeGreaterThan(25);
  expect(options).toContainEqual([
    'maxQueuedEvents',
    expect.objectContaining({ default: 256, minimum: 1, maximum: 1_000_000 }),
  ]);
});

test.each(options)('the README has `%s` with its default and its bounds', (name, option) => {
  const [defaultCell, boundsCell, meaning] = rows.get(name) ?? [];
  expect(defaultCell).toBeDefined();
  if (option.default !== undefined) expect(defaultCell).toBe(`\`${JSON.stringify(option.default)}\``);
  const bounds = option.minimum === undefined ? '' : `${option.minimum} – ${option.maximum}`;
  expect(boundsCell).toBe(bounds);
  if (name !== 'backend.type') expect(meaning).not.toBe('');
});

test.each(Object.keys(programmaticSchema.shape))('the README has `%s`', (name) => {
  expect(rows.has(name)).toBe(true);
});

test('the README has no option that is none', () => {
  const known = [...options.map(([name]) => name), ...Object.keys(programmaticSchema.shape)];
  expect(new Set(rows.keys())).toEqual(new Set(known));
});

test('the README has every flag and every environment variable of the command', () => {
  const flags = usage.match(/--[a-z-]+(?= |,|$)|WSBROKER_[A-Z_]+/gm) ?? [];
  expect(flags.length).toBeGreaterThan(10);
  for (const flag of flags) expect(readme).toContain(flag);
});

test('the README has every code of a BrokerError', () => {
  const codes = [...read('./ops/broker-error.ts').matchAll(/\| '([a-z-]+)'/g)].map(([, code = '']) => code);
  expect(codes).toContain('queue-full');
  for (const code of codes) expect(section('Errors')).toContain(`| \`${code}\``);
});

test('links within the README lead somewhere', () => {
  const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const [, anchor] of readme.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
});

/** Options whose comment says what the default is, in words or as a value. */
const commented = [...read('./options.ts').matchAll(/@default (\S+) \*\/\n\s+(\w+): .*?\.default\(/g)];

test('comments in options.ts say the default that the schema has', () => {
  expect(commented.length).toBeGreaterThan(10);
  for (const [, said = '', name = ''] of commented) {
    const [, option] = options.find(([full]) => full === name || full === `backend.${name}`) ?? [];
    if (/^\d/.test(said)) expect([name, Number(said)]).toEqual([name, option?.default]);
  }
});
