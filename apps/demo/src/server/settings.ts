import { join, parse, resolve } from 'node:path';

/** What the environment may change. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly brokerPort: number;
  /** The history's file. */
  readonly dataFile: string;
  /** The broker's journal: beside the history. */
  readonly journalFile: string;
  /** Whether the broker's log shows every message. */
  readonly isVerbose: boolean;
}

/** A mistake of whoever started the demo: told in one line, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const defaultDataFile = resolve(import.meta.dirname, '../../data/chat.sqlite');

/** @throws StartError naming the variable. */
export const settingsFrom = (environment: NodeJS.ProcessEnv): Settings => {
  const dataFile = environment['DEMO_DATA'] ? resolve(environment['DEMO_DATA']) : defaultDataFile;
  const { dir, name } = parse(dataFile);
  return {
    // Whoever can open the page can kill what runs here, so other machines are let in only when asked for.
    host: environment['HOST'] || '127.0.0.1',
    port: portFrom(environment, 'PORT', 8080),
    brokerPort: portFrom(environment, 'BROKER_PORT', 31002),
    dataFile,
    journalFile: join(dir, `${name}-broker.sqlite`),
    isVerbose: environment['BROKER_LOG'] === '1',
  };
};

const portFrom = (environment: NodeJS.ProcessEnv, name: string, fallback: number): number => {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new StartError(`${name} is "${text}": expected a port from 1 to 65535, or 0 for a free one.`);
  }
  return port;
};

/** Listening on every address: then the machine is reached under any of its names. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';
