import { expect, test } from 'vitest';
import { backendStateOf } from './backend-state.ts';

const process = (state: 'up' | 'starting' | 'stopped') => ({
  backend: { state, pid: null, restarts: 0, returnsInMs: null },
});
const open = (backend: 'up' | 'down') => ({ state: 'open', backend }) as const;

test('the backend is away as soon as the broker says so, or its process is gone', () => {
  expect(backendStateOf(open('up'), process('up'))).toBe('up');
  expect(backendStateOf(open('down'), process('up'))).toBe('away');
  expect(backendStateOf(open('down'), undefined)).toBe('away');
  expect(backendStateOf(open('up'), process('stopped'))).toBe('away');
  expect(backendStateOf(open('down'), process('starting'))).toBe('starting');
});

test('without a word from either, it is not known', () => {
  expect(backendStateOf(open('up'), undefined)).toBe('up');
  expect(backendStateOf({ state: 'waiting', backend: 'up' }, undefined)).toBe('unknown');
});
