import { spawnSync } from 'node:child_process';
import { has } from '@wsbroker/testkit';
import type { CodeBlock } from './code-block.ts';
import type { Problem } from './problem.ts';

/** Runs a checker with the code as its input; what it says when it fails, with the line in the code. */
const complaintOf = (
  command: string,
  args: readonly string[],
  code: string,
): { line: number; message: string } | undefined => {
  const { status, stdout, stderr } = spawnSync(command, args, { input: code, encoding: 'utf8' });
  if (status === 0) return undefined;
  const text = `${stdout}\n${stderr}`.trim();
  // The last one: Python's traceback begins with the line of the checker itself.
  return { line: Number([...text.matchAll(/ line (\d+)/g)].at(-1)?.[1] ?? 1), message: text };
};

const phpTag = '<?php ';

const phpProblem = (code: string) =>
  // Without the tag all of it would be text to PHP, and so without a mistake.
  complaintOf('php', ['-l'], code.includes('<?') ? code : phpTag + code);

const pythonProblem = (code: string) =>
  complaintOf('python3', ['-c', 'import sys; compile(sys.stdin.read(), "block", "exec")'], code);

const jsonProblem = (code: string) => {
  try {
    JSON.parse(code);
    return undefined;
  } catch (error) {
    return { line: 1, message: (error as Error).message };
  }
};

/** The languages whose syntax is checked, and how; without the interpreter, not at all. */
const checkers = (): ReadonlyMap<string, (code: string) => { line: number; message: string } | undefined> => {
  const found = new Map([['json', jsonProblem]]);
  if (has('php')) found.set('php', phpProblem);
  if (has('python3')) found.set('python', pythonProblem);
  return found;
};

/** Problems in blocks of PHP, Python and JSON. */
export const syntaxProblemsIn = (blocks: readonly CodeBlock[]): Problem[] => {
  const byLanguage = checkers();
  return blocks.flatMap(({ file, line, language, code }) => {
    const problem = byLanguage.get(language)?.(code);
    return problem ? [{ file, line: line + problem.line - 1, message: problem.message }] : [];
  });
};
