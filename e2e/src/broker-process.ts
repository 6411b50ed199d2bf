import { type SpawnedProcess, spawnProcess } from '@wsbroker/testkit';
import { inRepository } from './repository.ts';

export interface BrokerProcess extends AsyncDisposable {
  readonly port: number;
  /** `ws://127.0.0.1:<port>/` */
  readonly url: string;
  readonly process: SpawnedProcess;
}

/** Starts the command `wsbroker` as a user does, in front of a backend. */
export const startBrokerProcess = async (
  backendUrl: string,
  port = 0,
  env: Record<string, string> = {},
): Promise<BrokerProcess> => {
  const process = await spawnProcess(
    globalThis.process.execPath,
    [
      inRepository('packages/broker/dist/cli.js'),
      ...['--port', String(port), '--host', '127.0.0.1', '--log', 'text'],
      ...['--backend-url', backendUrl, '--allow', '127.0.0.1'],
    ],
    { readyWhen: /listening on port \d+/, env },
  );
  const actualPort = Number(/listening on port (\d+)/.exec(process.output)?.[1]);
  return {
    port: actualPort,
    url: `ws://127.0.0.1:${actualPort}/`,
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
};
