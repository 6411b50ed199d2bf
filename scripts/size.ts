/** Holds the core of the browser client to its budget, as a page would load it: bundled, minified, gzipped. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const budgetBytes = 5632;
const entry = fileURLToPath(new URL('../packages/client-browser/dist/index.js', import.meta.url));

const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  write: false,
});
const [bundle] = outputFiles;
if (!bundle) throw new Error(`esbuild made no file of ${entry}`);

const bytes = gzipSync(bundle.contents, { level: 9 }).byteLength;
console.log(`client-browser core: ${bytes} of ${budgetBytes} bytes, gzipped`);
if (bytes > budgetBytes) process.exitCode = 1;
