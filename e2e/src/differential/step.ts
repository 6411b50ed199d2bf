import type { ApplicationName } from './applications.ts';
import type { Stage } from './stage.ts';

/** A part of the script: what is done, on which application. What is seen of it is compared. */
export interface Step {
  readonly name: string;
  readonly application: ApplicationName;
  readonly run: (stage: Stage) => Promise<void>;
}

/** Steps on one application, by name. */
export const steps = (application: ApplicationName, runs: Readonly<Record<string, Step['run']>>): Step[] =>
  Object.entries(runs).map(([name, run]) => ({ name, application, run }));
