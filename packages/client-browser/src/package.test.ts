import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type BuildResult } from 'esbuild';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const dist = (file: string): string => join(folder, 'dist', file);

const bundled = (file: string): Promise<BuildResult<{ metafile: true; write: false }>> =>
  build({
    entryPoints: [dist(file)],
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['react'],
  });

test('the core is at most 5.5 kB, gzipped, and brings nothing along', async () => {
  const { outputFiles, metafile } = await bundled('index.js');
  expect(gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(5632);
  for (const input of Object.keys(metafile.inputs)) {
    expect(relative(join(folder, 'dist'), input)).not.toContain('node_modules');
  }
});

test('the hooks bring nothing along but the core', async () => {
  const { metafile } = await bundled('react.js');
  const [output] = Object.values(metafile.outputs);
  expect(output?.imports.map(({ path }) => path)).toEqual(['react']);
  expect(Object.keys(metafile.inputs).filter((input) => input.includes('node_modules'))).toEqual([]);
});

test('the hooks are marked as code for the client', async () => {
  for (const file of ['react.js', 'react.cjs']) {
    expect((await readFile(dist(file), 'utf8')).slice(0, 40)).toContain('"use client"');
  }
});

test('the script-tag build is one file that leaves one name', async () => {
  const text = await readFile(dist('wsbroker.global.js'), 'utf8');
  expect(text).toMatch(/^"use strict";var WSBroker=/);
  expect(text).not.toMatch(/\b(?:import|require)\s*\(/);
});

test('import and require give the same names, with nothing of a page at hand', async () => {
  const names = {
    index: ['ClientError', 'createClient'],
    react: ['useClient', 'useMessage', 'useMessages', 'useSent', 'useStatus'],
  };
  const require = createRequire(import.meta.url);
  for (const [entry, expected] of Object.entries(names)) {
    const imported = (await import(dist(`${entry}.js`))) as object;
    const required = require(dist(`${entry}.cjs`)) as object;
    expect(new Set(Object.keys(imported))).toEqual(new Set(expected));
    expect(new Set(Object.keys(required))).toEqual(new Set(expected));
  }
});

test('the types need no more than es2022 and a page, and no skipLibCheck', { timeout: 180_000 }, async () => {
  const scratch = await mkdtemp(join(folder, 'node_modules', '.types-'));
  try {
    const compilerOptions = {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module: 'esnext',
      moduleResolution: 'bundler',
      types: [],
    };
    await writeFile(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    await writeFile(
      join(scratch, 'use.ts'),
      `import { createClient } from '../../dist/index.js';
       import { useStatus } from '../../dist/react.js';
       const client = createClient({ url: '/ws', WebSocket });
       export const useState = (): string => useStatus(client).state;`,
    );
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const run = promisify(execFile)(process.execPath, [tsc, '-p', scratch]);
    await run.catch((error: { stdout: string }) => expect.fail(error.stdout));
  } finally {
    await rm(scratch, { recursive: true });
  }
});
