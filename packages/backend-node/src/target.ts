import type { ContractDefinition, CriterionValue, SessionInfo, SessionOf } from '@wsbroker/protocol';

/** A connection as a backend of this contract sees it. A field that the backend has not set yet is missing. */
export type ConnectionOf<C extends ContractDefinition> = SessionInfo & Partial<SessionOf<C>>;

/**
 * Criteria over the fields that the contract's `session` names and the broker's own, so that a misspelt
 * field does not compile: on the wire it would match nothing, in silence. Without `session` all names are open.
 */
export type CriteriaOf<C extends ContractDefinition> = {
  readonly [K in keyof SessionOf<C> | 'ip' | 'wskey']?: CriterionValue | readonly CriterionValue[];
};

/** Which connections a command means. */
export interface TargetOf<C extends ContractDefinition> {
  /**
   * Connections that match; `{}` matches all. Missing: in the answer to an event, the connection that
   * caused it; in a command POST, all.
   */
  readonly match?: CriteriaOf<C>;
  /** Of those, not the ones that match this. */
  readonly except?: CriteriaOf<C>;
}

/** A target whose `match` is said, for commands that would do harm if they reached everybody by oversight. */
export interface ExplicitTargetOf<C extends ContractDefinition> extends TargetOf<C> {
  readonly match: CriteriaOf<C>;
}

/** A target under no contract. */
export type Target = TargetOf<ContractDefinition>;
