import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { brokenReferences } from './references.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string | undefined =>
  existsSync(root + path) ? (path.includes('.') ? readFileSync(root + path, 'utf8') : '') : undefined;

const page = readFileSync(`${root}docs/architecture.md`, 'utf8');

test('every path and symbol on the architecture page exists', () => {
  expect(brokenReferences(page, read)).toEqual([]);
});

test('the life of a message has eight steps, each with a file and a function', () => {
  const [, life = ''] = page.split('## The life of a message');
  const steps = (life.split('\n## ', 1)[0] ?? '').split(/^\d\. /m).slice(1);
  expect(steps).toHaveLength(8);
  for (const step of steps) expect(step).toMatch(/`[\w./-]+\.ts` → `\w+`/);
});

test('a path or a symbol that does not exist is found', () => {
  const files = new Map([['packages/broker/src/a.ts', 'export const there = 1;\nthere.elsewhere();']]);
  const seeded =
    '`packages/broker/src/a.ts` → `there`, `packages/broker/src/a.ts` → `gone`, `packages/broker/src/a.ts` → `elsewhere`, `packages/broker/src/b.ts`';
  expect(brokenReferences(seeded, (path) => files.get(path))).toEqual([
    'packages/broker/src/a.ts → gone',
    'packages/broker/src/a.ts → elsewhere',
    'packages/broker/src/b.ts',
  ]);
});
