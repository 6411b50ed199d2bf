import { globSync, readFileSync } from 'node:fs';
import { inRepository } from '../repository.ts';

const patterns = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'packages/*/README.md',
  'apps/*/README.md',
  'examples/*/README.md',
  'docs/*.md',
];

export interface Page {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly text: string;
}

/** Every page whose code blocks a reader may copy. */
export const pages = (): Page[] =>
  globSync(patterns, { cwd: inRepository('') })
    .toSorted()
    .map((file) => ({ file, text: readFileSync(inRepository(file), 'utf8') }));
