import type { Figures } from './figures.ts';
import type { Goal } from './goal.ts';

/** `full` is what is quoted; `quick` is seconds in all; `smoke` shows that it runs, in a test. */
export type Scale = 'full' | 'quick' | 'smoke';

/** What was measured once of one contender, in one variant of the scenario. */
export interface Sample {
  /** Such as `16 outstanding`; empty where a scenario has no variants. */
  readonly variant: string;
  readonly figures: Figures;
}

/** What is measured, and what it is measured beside. */
export interface Contender {
  /** `wsbroker` is this broker; peers are named as their users name them. */
  readonly name: string;
  /** Why it is left out on this machine: undefined when it is there. */
  readonly missing?: () => string | undefined;
  /** For the report; asked only when it is there. */
  readonly version?: () => string;
  /** Scales that it takes too long for. */
  readonly notFor?: readonly Scale[];
  /** One round: starts a server of its own, measures each variant, and ends it. */
  readonly measure: (scale: Scale) => Promise<readonly Sample[]>;
}

export interface Scenario {
  /** kebab-case: its name on the command line, and that of its chart. */
  readonly name: string;
  /** A sentence for the report: what is done. */
  readonly title: string;
  /** What the figures are counted by: `delivery`, `event`, `connection`. */
  readonly unit: string;
  /** In this order in tables and charts. The first is ours: others' ratios are to it. */
  readonly contenders: readonly Contender[];
  /** Which figures the table shows, in this order. The first is the one that is quoted and drawn. */
  readonly shows: readonly (keyof Figures)[];
  readonly goals: readonly Goal[];
  /** How many rounds are measured, all contenders in each. @default 3 */
  readonly fullRounds?: number;
  /** What a reader of the report has to know: how a peer is set up, what is not compared. */
  readonly notes?: readonly string[];
}
