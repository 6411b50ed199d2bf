/** Installs the packages as npm would get them, in a project outside of the repository, and uses them there. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { runCommand } from './command.ts';
import { cjs, esm, typescript } from './samples.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const names = ['protocol', 'broker', 'client-browser', 'backend-node'] as const;

let project: string;

/** Runs to the end, gives what was printed; fails with all of it. */
const run = async (command: string, args: readonly string[], cwd = project): Promise<string> => {
  try {
    return (await promisify(execFile)(command, args, { cwd, maxBuffer: 1e8 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
};

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'wsbroker-packed-'));
  const catalog = await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const version = (name: string): string => new RegExp(`^ +'?${name}'?: (.+)$`, 'm').exec(catalog)?.[1] ?? '';
  const tarballs: Record<string, string> = {};
  await mkdir(join(project, 'tarballs'));
  for (const name of names) {
    const tarball = `tarballs/${name}.tgz`;
    await run('pnpm', ['pack', '--out', join(project, tarball)], join(root, 'packages', name));
    tarballs[`@wsbroker/${name}`] = `file:${tarball}`;
  }
  // What a user has beside ours: TypeScript comes from the repository, since it is large.
  const beside = ['zod', 'react', '@types/react', '@types/node'].map((name): [string, string] => [
    name,
    version(name),
  ]);
  const dependencies = { ...tarballs, ...Object.fromEntries(beside) };
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline']);
}, 180_000);

afterAll(() => rm(project, { recursive: true, force: true }));

test('brings no sources, tests or configuration', async () => {
  for (const name of names) {
    const files = await readdir(join(project, 'node_modules/@wsbroker', name), { recursive: true });
    expect(files.filter((file) => /(?:^|\/)(?:src|node_modules)\/|\.test\.|\.config\./.test(file))).toEqual(
      [],
    );
    for (const file of ['README.md', 'LICENSE', 'package.json']) expect(files).toContain(file);
  }
});

test('depends on the versions that were packed with it', async () => {
  for (const name of names) {
    const manifest = await readFile(join(project, 'node_modules/@wsbroker', name, 'package.json'), 'utf8');
    expect(manifest).not.toMatch(/workspace:|catalog:/);
  }
});

test('is used from an ES module', async () => {
  await writeFile(join(project, 'use.mjs'), esm);
  expect(await run('node', ['use.mjs'])).toBe('used send\n');
});

test('is used from CommonJS', async () => {
  await writeFile(join(project, 'use.cjs'), cjs);
  expect(await run('node', ['use.cjs'])).toBe('used send\n');
});

test.each([
  ['node16', 'use.mts', 'node16'],
  ['nodenext', 'use.mts', 'nodenext'],
  ['nodenext as CommonJS', 'use.cts', 'nodenext'],
  ['bundler', 'use.ts', 'bundler'],
])(
  'is typed under moduleResolution %s',
  async (name, file, moduleResolution) => {
    const folder = join(project, `types ${name}`);
    await mkdir(folder);
    await writeFile(join(folder, file), typescript);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2023',
      lib: ['es2023', 'dom', 'esnext.disposable'],
      module: moduleResolution === 'bundler' ? 'esnext' : moduleResolution,
      moduleResolution,
      types: ['node'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    expect(await run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])).toBe('');
  },
  180_000,
);

test('starts a broker with the wsbroker command, which ends in order on SIGTERM', async () => {
  const { events, exitCode } = await runCommand(join(project, 'node_modules/.bin/wsbroker'));
  expect(events).toEqual(['session-connect', 'client-hello']);
  expect(exitCode).toBe(0);
});

test('defines WSBroker in a page, from one file', async () => {
  const file = join(project, 'node_modules/@wsbroker/client-browser/dist/wsbroker.global.js');
  // A `var` at the top of a script is a property of the page.
  const page: { TextEncoder: unknown; WSBroker?: { createClient?: unknown } } = { TextEncoder };
  runInNewContext(await readFile(file, 'utf8'), page);
  expect(page.WSBroker?.createClient).toBeTypeOf('function');
});
