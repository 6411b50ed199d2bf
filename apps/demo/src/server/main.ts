/*
 * The whole demo in one command: `node apps/demo/src/server/main.ts`.
 */
import { Demo } from './demo.ts';
import { settingsFrom, StartError } from './settings.ts';

const tell = (line: string): void => {
  process.stdout.write(`  ${line}\n`);
};

const fail = (error: unknown): never => {
  // A mistake is one line; a fault of ours has a stack.
  const text = error instanceof StartError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`${String(text)}\n`);
  process.exit(1);
};

const run = async (): Promise<void> => {
  const demo = new Demo(settingsFrom(process.env), tell);
  // However this process ends, its children do too.
  process.on('exit', () => demo.killNow());

  let isEnding = false;
  const end = (): void => {
    if (isEnding) process.exit(130);
    isEnding = true;
    tell('ending … (once more to end at once)');
    demo.close().then(() => process.exit(0), fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

  process.stdout.write(await demo.start());
};

run().catch(fail);
