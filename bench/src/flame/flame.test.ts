import { expect, test } from 'vitest';
import { costsOf, costTable, kindShares } from './costs.ts';
import { callTree, type CpuProfile } from './cpu-profile.ts';
import { flameGraph } from './flame-graph.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
});

const home = 'file:///home/packages/broker/dist/index.js';

/** 10 ms, of which 2 are idle, in each of the others 2. */
const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 4, 8]),
    node(2, '(idle)', ''),
    node(3, 'emit', 'node:events', [5, 6]),
    node(4, '(garbage collector)', ''),
    node(5, 'deliver', home, [7]),
    // As V8 writes a function that was compiled again.
    node(6, 'deliver', home),
    node(7, 'deliver', home),
    node(8, 'parse', 'file:///home/node_modules/.pnpm/ws@8.23.0/node_modules/ws/lib/receiver.js'),
  ],
  startTime: 5_000_000,
  samples: [2, 4, 5, 6, 7],
  timeDeltas: [2_000, 2_000, 2_000, 2_000, 2_000],
};

test('a call tree leaves out idle time, and joins what is one function', () => {
  const root = callTree(profile);
  expect(root.totalUs).toBe(8_000);
  const emit = root.children[0];
  expect(emit).toMatchObject({ name: 'emit', kind: 'node', place: 'node:events:10', totalUs: 6_000 });
  expect(emit?.children).toMatchObject([
    { name: 'deliver', kind: 'broker', place: 'index.js:10', selfUs: 4_000, totalUs: 6_000 },
  ]);
  expect(root.children.map(({ kind }) => kind)).toEqual(['node', 'native', 'ws']);
});

test('what is outside a span is left out', () => {
  expect(callTree(profile, { fromMs: 5_004, toMs: 5_008 }).totalUs).toBe(4_000);
});

test('time in which the process did not run is nobody’s', () => {
  expect(callTree({ ...profile, timeDeltas: [2_000, 2_000, 900_000, 2_000, 2_000] }).totalUs).toBe(12_000);
});

test('a function that calls itself costs its time once', () => {
  const costs = costsOf(callTree(profile));
  expect(costs.find(({ name }) => name === 'deliver')).toMatchObject({ self: 0.75, total: 0.75 });
  expect([...kindShares(costs)]).toEqual([
    ['broker', 0.75],
    ['native', 0.25],
    ['node', 0],
    ['ws', 0],
  ]);
  expect(costTable(costs, 'self', 1).split('\n').at(-1)).toBe('| 75.0 % | 75.0 % | deliver | index.js:10 |');
});

test('a flame graph names functions, places and parts, and is one sound file', () => {
  const svg = flameGraph(callTree(profile), { title: 'events <200 clients>' });
  expect(svg).toContain('events &lt;200 clients&gt;');
  expect(svg).toContain('<title>deliver (index.js:10): 75.0 %, itself 50.0 %</title>');
  expect(svg).toContain('>deliver 75.0 %</text>');
  expect(svg).not.toMatch(/href|script|NaN/);
  expect(svg.split('<g').length).toBe(svg.split('</g>').length);
});

test('a large profile makes no large file', () => {
  const wide: CpuProfile = {
    startTime: 0,
    nodes: [
      node(
        0,
        '(root)',
        '',
        Array.from({ length: 5_000 }, (_, index) => index + 1),
      ),
      ...Array.from({ length: 5_000 }, (_, index) => node(index + 1, `function${index}`, home)),
    ],
    samples: Array.from({ length: 5_000 }, (_, index) => index + 1),
    timeDeltas: Array.from({ length: 5_000 }, (_, index) => 5_000 - index),
  };
  const svg = flameGraph(callTree(wide), { title: '', maxBytes: 20_000 });
  expect(svg.length).toBeLessThan(20_000);
});
