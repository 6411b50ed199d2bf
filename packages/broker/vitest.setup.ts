/** Nothing that a client, a backend or a handler does may end the process: each test shows that by itself. */
import { afterEach, expect } from 'vitest';

const escaped: unknown[] = [];

process.on('unhandledRejection', (reason) => escaped.push(reason));
process.on('uncaughtException', (error) => escaped.push(error));
process.on('warning', (warning) => {
  // Listeners that are added and never taken away are a leak.
  if (warning.name === 'MaxListenersExceededWarning') escaped.push(warning);
});

afterEach(() => {
  // oxlint-disable-next-line no-standalone-expect
  expect(escaped.splice(0), 'unhandled rejections, uncaught exceptions, leaked listeners').toEqual([]);
});
