import type { JsonObject } from '@wsbroker/protocol';
import type { SessionChange } from '../hub/session-change.ts';
import type { Target } from '../hub/hub.ts';

/** What a built-in command does to connections: plain data, so that an engine can hand it to other processes. */
export type Operation =
  | { readonly kind: 'send'; readonly target: Target; readonly text: string }
  | { readonly kind: 'close'; readonly target: Target; readonly code: number; readonly reason: string }
  | { readonly kind: 'session'; readonly target: Target; readonly change: SessionChange }
  | {
      readonly kind: 'list';
      readonly target: Target;
      readonly fields?: readonly string[] | undefined;
      /** Go on after this place in the order of connecting. */
      readonly after: number;
      readonly limit?: number | undefined;
    }
  | { readonly kind: 'count'; readonly target: Target };

/** What one process answers to an operation. */
export interface Outcome {
  /** Connections reached. */
  readonly matched: number;
  /** Of how many. */
  readonly connections: number;
  /** Of `list`: what was asked for, in the order of connecting. */
  readonly listed?: readonly { readonly place: number; readonly sessionInfo: JsonObject }[];
}
