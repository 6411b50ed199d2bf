import { afterEach, expect, test, vi } from 'vitest';
import { Listeners, reportUnhandled } from './listeners.ts';

afterEach(() => vi.unstubAllGlobals());

const never = (error: unknown): void => {
  throw error;
};

test('calls the others when one throws, and reports what it threw', () => {
  const errors: unknown[] = [];
  const seen: string[] = [];
  const listeners = new Listeners<string>((error) => errors.push(error));
  const fault = new Error('mine');
  listeners.add((value) => seen.push(`first ${value}`));
  listeners.add(() => {
    throw fault;
  });
  listeners.add((value) => seen.push(`last ${value}`));
  expect(listeners.emit('x')).toBe(true);
  expect(seen).toEqual(['first x', 'last x']);
  expect(errors).toEqual([fault]);
});

test('undoes each addition of the same function on its own', () => {
  const listener = vi.fn<(value: number) => void>();
  const listeners = new Listeners<number>(never);
  const undo = listeners.add(listener);
  listeners.add(listener);
  undo();
  undo();
  listeners.emit(1);
  expect(listener).toHaveBeenCalledTimes(1);
});

test('no longer calls what another listener takes away', () => {
  const later = vi.fn<() => void>();
  const listeners = new Listeners<void>(never);
  listeners.add(() => undoLater());
  const undoLater = listeners.add(later);
  listeners.emit();
  expect(later).not.toHaveBeenCalled();
});

test('calls what a listener adds from the next time on', () => {
  const added = vi.fn<() => void>();
  const listeners = new Listeners<void>(never);
  const undo = listeners.add(() => {
    undo();
    listeners.add(added);
  });
  listeners.emit();
  expect(added).not.toHaveBeenCalled();
  listeners.emit();
  expect(added).toHaveBeenCalledTimes(1);
});

test('says whether anybody was there', () => {
  const listeners = new Listeners<void>(never);
  expect(listeners.emit()).toBe(false);
});

test('reports to the browser where there is one', () => {
  const reportError = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reportError);
  const fault = new Error('mine');
  reportUnhandled(fault);
  expect(reportError).toHaveBeenCalledExactlyOnceWith(fault);
});

test('makes an uncaught exception where there is no reportError', () => {
  vi.stubGlobal('reportError', undefined);
  let run = (): void => undefined;
  vi.stubGlobal('queueMicrotask', (task: () => void) => (run = task));
  reportUnhandled(new Error('mine'));
  expect(run).toThrow('mine');
});
