import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli.ts',
    // A thread is started from a file of its own.
    'journal-worker': 'src/delivery/journal/worker.ts',
  },
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  // `node:sqlite` has no name without the prefix.
  removeNodeProtocol: false,
  dts: { entry: { index: 'src/index.ts' } },
  clean: true,
  sourcemap: true,
});
