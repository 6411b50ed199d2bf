import type { SocketFigures } from './child-message.ts';

/** A process that the demo's server keeps running. */
export interface ProcessStatus {
  /** `starting`: the process runs and does not listen yet. `stopped`: there is no process. */
  readonly state: 'up' | 'starting' | 'stopped';
  /** Of the process, while there is one. */
  readonly pid: number | null;
  /** How often a new process has been started in place of another. */
  readonly restarts: number;
  /** While stopped: when it is started again. A span and no time of day, since clocks differ. */
  readonly returnsInMs: number | null;
}

/** What the server tells of itself over `/control/status`: both sides import this type. */
export interface ControlStatus {
  readonly backend: ProcessStatus;
  readonly broker: ProcessStatus & SocketFigures;
}

/** What the page has to know before it can connect: `/config.json`. */
export interface PageConfig {
  readonly brokerPort: number;
}
