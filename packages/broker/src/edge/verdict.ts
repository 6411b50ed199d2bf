import type { Log } from '../ops/logger.ts';
import { isPromiseLike } from '../ops/promise-like.ts';
import { handlerLimit, within } from '../ops/time-limit.ts';

/** What a handler made of something: the backend is to hear of it, it was dealt with, or the handler threw. */
export type Verdict = 'forward' | 'handled' | 'failed';

export interface HandlerCall {
  readonly name: 'onClientConnect' | 'onClientMessage' | 'onClientDisconnect';
  /** Of the connection, for the log. */
  readonly wskey: string;
  readonly call: () => unknown;
}

/** Asks a handler of the application's; a throw or a rejection is logged, and keeps the event from the backend. */
export const verdictOf = (
  { name, wskey, call }: HandlerCall,
  { log, handlerTimeoutMs }: { readonly log: Log; readonly handlerTimeoutMs: number },
): Verdict | Promise<Verdict> => {
  const decided = (decision: unknown): Verdict => (decision ? 'forward' : 'handled');
  const failed = (error: unknown): Verdict => {
    log.error({ wskey, error }, `! ${name} failed:`);
    return 'failed';
  };
  try {
    const decision = call();
    if (!isPromiseLike(decision)) return decided(decision);
    return within(decision, handlerLimit(handlerTimeoutMs)).then(decided, failed);
  } catch (error) {
    return failed(error);
  }
};
