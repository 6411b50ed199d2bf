import type { MachineEvent } from './machine.ts';

type PageEvent = Extract<MachineEvent, { type: 'online' | 'offline' | 'shown' | 'left' }>;

/** What the browser says of the network. Nothing, as in Node, means that there is one. */
export const isOnline = (): boolean => globalThis.navigator?.onLine ?? true;

/**
 * Turns what the page sees into events: network, visibility, back-forward cache.
 *
 * Workers have a part of it, and Node has none. Returns its undo.
 */
export const watchPage = (dispatch: (event: PageEvent) => void): (() => void) => {
  const controller = new AbortController();
  const watch = (type: string, meaning: (event: Event) => PageEvent['type'] | false) =>
    // All of them come to the window; `visibilitychange` bubbles up to it.
    globalThis.addEventListener?.(
      type,
      (event) => {
        const name = meaning(event);
        if (name) dispatch({ type: name });
      },
      { signal: controller.signal },
    );
  const isKept = (event: Event) => (event as PageTransitionEvent).persisted;
  watch('online', () => 'online');
  watch('offline', () => 'offline');
  watch('visibilitychange', () => document.visibilityState === 'visible' && 'shown');
  watch('pagehide', (event) => isKept(event) && 'left');
  watch('pageshow', (event) => isKept(event) && 'shown');
  return () => controller.abort();
};
