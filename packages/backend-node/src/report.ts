import type { EventFacts } from './context.ts';

/** Tells the application of an error, and the console where there is no `onError` or it fails itself. */
export type Report = (error: unknown, event: EventFacts | undefined) => void;

export const createReport =
  (onError: Report | undefined): Report =>
  (error, event) => {
    if (onError === undefined) return toConsole(error, event);
    try {
      onError(error, event);
    } catch (failure) {
      toConsole(error, event);
      toConsole(failure, event);
    }
  };

/** A handler's error must be seen even where nobody has asked for it. */
const toConsole: Report = (error, event) => {
  // oxlint-disable-next-line no-console
  console.error(`wsbroker backend: ${event?.type ?? 'an event'} (${event?.id ?? 'no id'}) failed:`, error);
};
