import { has } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { codeBlocksIn, scriptsIn } from './code-block.ts';
import { syntaxProblemsIn } from './syntax-check.ts';
import { typeProblemsIn } from './type-check.ts';

/** A page that lies beside the broker's README. */
const page = (...lines: string[]) => codeBlocksIn('packages/broker/SAMPLE.md', lines.join('\n'));

test('finds blocks with their language, note and line, also in a list', () => {
  const found = page(
    '# A',
    '```TypeScript ignore',
    'a();',
    '```',
    '- item',
    '  ````md',
    '  ```',
    '    b',
    '  ````',
    '~~~',
    'c',
  );
  expect(found.map(({ language, note, line, code }) => [language, note, line, code])).toEqual([
    ['ts', 'ignore', 3, 'a();'],
    ['md', '', 7, '```\n  b'],
    ['', '', 11, 'c'],
  ]);
});

test('a good block has no problems', { timeout: 120_000 }, () => {
  const good = page(
    '```ts',
    "import { Broker } from '@wsbroker/broker';",
    "import * as z from 'zod';",
    'await using broker = Broker({ port: 0 });',
    'await broker.ready;',
    'console.log(broker.port, z.string());',
    '```',
    '```js',
    "const { Broker } = require('@wsbroker/broker');",
    'Broker({ port: 0, onClientConnect(connection) { connection.send({}); } });',
    '```',
  );
  expect(typeProblemsIn(good)).toEqual([]);
});

test(
  'names the line of an option that does not exist, in TypeScript and in JavaScript',
  { timeout: 120_000 },
  () => {
    const bad = page(
      'Text.',
      '```ts',
      "import { Broker } from '@wsbroker/broker';",
      'Broker({ port: 0, prot: 1 });',
      '```',
      '```js',
      "import { Broker } from '@wsbroker/broker';",
      '',
      'Broker({ port: 0 }).brodcast({});',
      '```',
    );
    expect(typeProblemsIn(bad)).toEqual([
      { file: 'packages/broker/SAMPLE.md', line: 4, message: expect.stringContaining("'prot'") as string },
      {
        file: 'packages/broker/SAMPLE.md',
        line: 9,
        message: expect.stringContaining("'brodcast'") as string,
      },
    ]);
  },
);

test('finds a missing import, a package that does not exist and a syntax error', { timeout: 120_000 }, () => {
  const bad = page(
    '```ts',
    'createClient({ url: "/" });',
    '```',
    '```ts',
    "import { x } from '@wsbroker/nowhere';",
    '```',
    '```ts',
    'const a = ;',
    '```',
  );
  expect(typeProblemsIn(bad).map(({ line }) => line)).toEqual([2, 5, 8]);
});

test('a block with a file name can be imported by the others of its page', { timeout: 120_000 }, () => {
  const named = ['```ts', '// src/contract.ts', 'export const room: string = "a";', '```'];
  const good = page(...named, '```ts', "import { room } from './contract.ts';", 'room.length;', '```');
  expect(typeProblemsIn(good)).toEqual([]);
  const bad = page(...named, '```ts', "import { rom } from './contract.ts';", 'rom.length;', '```');
  expect(typeProblemsIn(bad).map(({ line }) => line)).toEqual([6]);
});

test('inline scripts of HTML know the client that a script tag brings', { timeout: 120_000 }, () => {
  const html = (call: string) =>
    page(
      '```html',
      '<script src="wsbroker.global.js"></script>',
      '<p></p>',
      '<script>',
      `  const client = WSBroker.${call}({ url: '/' });`,
      '  client.on("said", ({ text }) => document.body.append(text));',
      '</script>',
      '```',
    ).flatMap(scriptsIn);
  expect(typeProblemsIn(html('createClient'))).toEqual([]);
  expect(typeProblemsIn(html('makeClient')).map(({ line }) => line)).toEqual([5]);
});

test.skipIf(!has('php'))('names the line of a mistake in PHP, with and without its opening tag', () => {
  const bad = page('```php', '<?php', '$a = 1;', '$b = [1', '```', '```php', '$c = 1;', '$d == = 2;', '```');
  expect(syntaxProblemsIn(bad).map(({ line }) => line)).toEqual([4, 8]);
  expect(syntaxProblemsIn(page('```php', '$a = [1];', '```'))).toEqual([]);
});

test.skipIf(!has('python3'))('names the line of a mistake in Python', () => {
  const bad = page('```python', 'a = 1', 'def b(:', '    pass', '```');
  expect(syntaxProblemsIn(bad).map(({ line }) => line)).toEqual([3]);
  expect(syntaxProblemsIn(page('```py', 'a = {"b": 1}', '```'))).toEqual([]);
});

test('finds JSON that is none', () => {
  expect(syntaxProblemsIn(page('```json', '{ "a": 1, }', '```')).map(({ line }) => line)).toEqual([2]);
});
