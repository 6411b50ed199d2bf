import { defineConfig } from 'tsup';

export default defineConfig({
  // Files of their own for what needs no zod: a bundler then drops the rest of the package (see bundle.test.ts).
  entry: ['src/index.ts', 'src/close-code.ts', 'src/contract.ts', 'src/json.ts', 'src/version.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: { entry: 'src/index.ts' },
  clean: true,
  sourcemap: true,
});
