import { spawnSync } from 'node:child_process';
import { has } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { settingsFrom } from '../../settings.ts';
import { connectionLimits, descriptorLimit } from './descriptors.ts';

const http = { url: 'http://localhost/' };

test('the limit of this process is known, and is what Node has made of it', () => {
  const limit = descriptorLimit();
  expect(limit === undefined || limit > 0).toBe(true);
});

test.skipIf(!has('prlimit'))(
  'the limit is what holds at run time: Node raises the soft one to the hard one',
  () => {
    const script = `import(${JSON.stringify(new URL('descriptors.ts', import.meta.url).href)}).then(({ descriptorLimit }) => console.log(descriptorLimit()))`;
    const run = spawnSync(
      'prlimit',
      ['--nofile=200:300', process.execPath, '--input-type=module', '-e', script],
      {
        encoding: 'utf8',
      },
    );
    expect(run.stdout.trim(), run.stderr).toBe('300');
  },
);

test.each([
  { descriptors: 256, options: {}, maxConnections: 160, maxPendingSockets: 32 },
  { descriptors: 256, options: { backend: http }, maxConnections: 96, maxPendingSockets: 32 },
  { descriptors: 1_024, options: { backend: http }, maxConnections: 768, maxPendingSockets: 128 },
  { descriptors: 20_000, options: { backend: http }, maxConnections: 18_872, maxPendingSockets: 1_000 },
  {
    descriptors: 20_000,
    options: { backend: { ...http, maxRequests: 100 }, journal: 'events.db', maxPendingSockets: 500 },
    maxConnections: 19_228,
    maxPendingSockets: 500,
  },
  { descriptors: 1_048_576, options: {}, maxConnections: 100_000, maxPendingSockets: 1_000 },
  { descriptors: undefined, options: {}, maxConnections: 100_000, maxPendingSockets: 1_000 },
  // Far too few: then at least it says so, one by one.
  { descriptors: 20, options: {}, maxConnections: 1, maxPendingSockets: 2 },
])(
  'of $descriptors descriptors, with $options, connections get $maxConnections and pending sockets $maxPendingSockets',
  ({ descriptors, options, maxConnections, maxPendingSockets }) => {
    const settings = settingsFrom({ port: 0, ...options });
    expect(connectionLimits(settings, descriptors)).toMatchObject({ maxConnections, maxPendingSockets });
  },
);

test('what is set is taken as it is, and how many there are descriptors for is told beside it', () => {
  const settings = settingsFrom({ port: 0, maxConnections: 5_000 });
  expect(connectionLimits(settings, 1_024)).toEqual({
    maxConnections: 5_000,
    maxPendingSockets: 128,
    affordable: 832,
  });
  expect(connectionLimits(settings, undefined)).toMatchObject({
    maxConnections: 5_000,
    affordable: undefined,
  });
});
