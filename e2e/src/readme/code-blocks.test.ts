import { expect, test } from 'vitest';
import { type CodeBlock, codeBlocksIn, scriptsIn } from './code-block.ts';
import { pages } from './pages.ts';
import { written } from './problem.ts';
import { syntaxProblemsIn } from './syntax-check.ts';
import { compiledLanguages, typeProblemsIn } from './type-check.ts';

/** Blocks that are opened as ```ts ignore: `file: first line of code`, and why it cannot compile. */
const allowedToIgnore: Readonly<Record<string, string>> = {};

const isIgnored = (block: CodeBlock): boolean => block.note.split(/\s+/).includes('ignore');
const nameOf = (block: CodeBlock): string => `${block.file}: ${block.code.split('\n', 1)[0] ?? ''}`;

const allBlocks = pages().flatMap(({ file, text }) => codeBlocksIn(file, text));
const blocks = allBlocks.filter((block) => !isIgnored(block));

test('there are pages with blocks of every language that is checked', () => {
  const languages = new Set(blocks.map(({ language }) => language));
  expect([...languages]).toEqual(expect.arrayContaining(['ts', 'js', 'php']));
});

test('blocks of TypeScript and JavaScript compile as they stand', { timeout: 120_000 }, () => {
  const scripts = blocks.filter(({ language }) => language === 'html').flatMap(scriptsIn);
  const compiled = [...blocks.filter(({ language }) => compiledLanguages.has(language)), ...scripts];
  expect(typeProblemsIn(compiled).map(written)).toEqual([]);
});

test('blocks of PHP, Python and JSON parse', { timeout: 120_000 }, () => {
  expect(syntaxProblemsIn(blocks).map(written)).toEqual([]);
});

test('a block is left out only for a reason that is listed here', () => {
  const ignored = allBlocks.filter(isIgnored).map(nameOf);
  expect(ignored.toSorted()).toEqual(Object.keys(allowedToIgnore).toSorted());
});

test('a block that looks like code names its language, so that it is checked', () => {
  const code = /^\s*(?:import|export|const|let|var|function|def|class|<\?php|\$\w+ =)(?:\s|$)/m;
  const unnamed = allBlocks.filter((block) => block.language === '' && code.test(block.code));
  expect(unnamed.map(({ file, line }) => `${file}:${line}: a fence without a language`)).toEqual([]);
});
