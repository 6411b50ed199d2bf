import { AskedProcess } from './asked-process.ts';
import { hasProc } from './cpu-time.ts';

/** A server that is measured, on a core of its own. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  /** What it costs is that of this process and of all that it has started. */
  readonly pid: number;
  /** What it says itself of its CPU time, where the system does not tell. */
  readonly ownCpuUs?: () => Promise<number>;
}

/** One of `servers/`, which can be asked more than to listen. */
export interface NodeServer extends Server {
  readonly process: AskedProcess;
}

let serverNodeOptions: readonly string[] = [];

/** Options of Node for every server that is started from here on, such as `--cpu-prof`. */
export const setServerNodeOptions = (options: readonly string[]): void => {
  serverNodeOptions = options;
};

/**
 * Starts `servers/<name>.ts`, which calls `serve`, and waits until it listens.
 *
 * @param options What its `listen` is given; JSON.
 */
export const startServer = async (
  name: string,
  options: unknown = {},
  nodeOptions: readonly string[] = [],
): Promise<NodeServer> => {
  const server = new AskedProcess({
    role: 'server',
    script: new URL(`../servers/${name}.ts`, import.meta.url),
    // Of old libraries, which warn of themselves.
    nodeOptions: ['--no-deprecation', ...serverNodeOptions, ...nodeOptions],
  });
  try {
    const port = await server.ask<number>('listen', options);
    return {
      port,
      pid: server.pid,
      process: server,
      ...(hasProc ? {} : { ownCpuUs: () => server.ask<number>('cpu') }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
};
