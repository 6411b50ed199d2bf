import { expect, test } from 'vitest';
import type { WatchedStatus } from './backend-watch.ts';
import { deliveryStateOf } from './delivery-state.ts';

const line = { id: 'line-0001', room: 'lobby', text: 'hello', atMs: 1 };
const backend = (state: WatchedStatus['backend']['state']): WatchedStatus => ({
  backend: { state, pid: null, restarts: 0, returnsInMs: null },
  broker: { sockets: 1, disconnects: 0 },
  returnsAtMs: undefined,
});

test('a line is on its way, kept by the broker, kept by the tab, delivered, or failed', () => {
  expect(deliveryStateOf(line, 'open', backend('up'))).toBe('sending');
  expect(deliveryStateOf(line, 'open', undefined)).toBe('sending');
  expect(deliveryStateOf(line, 'open', backend('stopped'))).toBe('kept-by-broker');
  expect(deliveryStateOf(line, 'open', backend('starting'))).toBe('kept-by-broker');
  expect(deliveryStateOf(line, 'waiting', backend('up'))).toBe('kept-by-tab');
  expect(deliveryStateOf(undefined, 'waiting', undefined)).toBe('delivered');
  expect(deliveryStateOf({ ...line, problem: 'full' }, 'open', backend('up'))).toBe('failed');
});
