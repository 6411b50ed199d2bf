import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: ['src/index.ts', 'src/react.ts'],
    format: ['esm', 'cjs'],
    target: 'es2022',
    // `Symbol.dispose` in the types must not depend on the `lib` of whoever reads them.
    dts: { banner: '/// <reference lib="esnext.disposable" />' },
    // All but what the build below makes at the same time.
    clean: ['!wsbroker.global.*'],
    sourcemap: true,
  },
  {
    entry: { wsbroker: 'src/global.ts' },
    format: ['iife'],
    globalName: 'WSBroker',
    target: 'es2022',
    minify: true,
    sourcemap: true,
  },
]);
