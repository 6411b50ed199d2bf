import { defineConfig } from 'tsup';

export default defineConfig({
  // A file each, and not one: a bundler then drops every file that is not asked for, and zod with it
  // (see bundle.test.ts).
  entry: ['src/*.ts', '!src/*.test.ts', '!src/*.test-d.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: { entry: ['src/index.ts', 'src/signature.ts'] },
  clean: true,
  sourcemap: true,
  // Deno and bundlers know Node's own modules by it.
  removeNodeProtocol: false,
});
