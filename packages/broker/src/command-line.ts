import packageJson from '../package.json' with { type: 'json' };
import { Broker } from './broker.ts';
import { readCommandLine, usage, UsageError } from './cli-options.ts';
import { BrokerError } from './ops/broker-error.ts';
import { oneLine } from './ops/log-line.ts';
import type { BrokerOptions } from './api.ts';

/** Exit codes as shells know them: 2 for a mistake in the command, 1 for a start that failed. */
const usageExitCode = 2;
const failureExitCode = 1;

const fail = (error: unknown): void => {
  if (!(error instanceof UsageError || error instanceof BrokerError)) throw error;
  const isMistake = error instanceof UsageError || error.code === 'bad-option';
  console.error(oneLine(`wsbroker: ${error.message}${isMistake ? ' (see wsbroker --help)' : ''}`));
  process.exitCode = isMistake ? usageExitCode : failureExitCode;
};

const run = async (options: BrokerOptions): Promise<void> => {
  // Whoever read the log through a pipe may go away, and users must stay connected.
  process.stdout.on('error', () => {});
  const broker = Broker(options);
  await broker.ready;
  const stop = (): void => {
    // Whoever asks twice does not want to wait for events that still are to be delivered.
    process.once('SIGTERM', () => process.exit(failureExitCode));
    process.once('SIGINT', () => process.exit(failureExitCode));
    void broker.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

/** The command `wsbroker`, started with these arguments. Mistakes end in one line and an exit code. */
export const runCommandLine = async (
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  try {
    const request = readCommandLine(args, environment);
    if (request.kind === 'help') console.log(usage);
    else if (request.kind === 'version') console.log(packageJson.version);
    else await run(request.options);
  } catch (error) {
    fail(error);
  }
};
