import { createHook } from 'node:async_hooks';

/** Timers made in these are not a leak of what is tested. */
const others = /[\\/](?:node_modules[\\/]|testkit[\\/]src[\\/](?!.*\.test\.))/;

/** Where in the code under test a timer was made, or nothing when it is somebody else's. */
const makerIn = (stack: string): string | undefined => {
  // The first frames are the message, the hook's own and Node's.
  const frames = stack.split('\n').slice(2);
  // undici keeps one clock for all its pools; an `AbortSignal.timeout` cannot be cleared, Node collects it.
  if (frames.some((frame) => /[\\/]undici|abort_controller/.test(frame))) return undefined;
  const maker = frames.find((frame) => !/\(?node:/.test(frame));
  return maker === undefined || others.test(maker) ? undefined : maker.trim();
};

/**
 * Follows every timer made from now on, also those that are `unref`ed: Node's own list of active
 * resources leaves those out, and a forgotten heartbeat is usually one of them.
 */
export const followTimers = (): { pending(): string[]; stop(): void } => {
  const makers = new Map<number, string>();
  const hook = createHook({
    init(asyncId, type) {
      if (type !== 'Timeout') return;
      const maker = makerIn(new Error().stack ?? '');
      if (maker !== undefined) makers.set(asyncId, maker);
    },
    destroy(asyncId) {
      makers.delete(asyncId);
    },
    // Following promises too would slow everything down. Node before 24.13 ignores the option.
    ...{ trackPromises: false },
  });
  hook.enable();
  return {
    pending: () => [...makers.values()],
    stop: () => {
      hook.disable();
    },
  };
};
