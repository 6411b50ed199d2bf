/**
 * The commands of this repository on a bare machine: any Node from 16 on, and npm.
 * What is missing (pnpm, a current Node) is fetched into `.tools/`; nothing outside the repository is touched.
 */
import { runBench } from './dev/bench.mjs';
import { build, prepare } from './dev/prepare.mjs';
import { runChecks } from './dev/checks.mjs';
import { runFaults } from './dev/faults.mjs';
import { runFuzz } from './dev/fuzz.mjs';
import { runNodes } from './dev/nodes.mjs';
import { endTogether, inherit } from './dev/process.mjs';
import { startDemo } from './dev/start.mjs';
import { StepFailed, Steps } from './dev/steps.mjs';
import { root } from './dev/tools.mjs';

const usage = `node scripts/dev.mjs <command> [--verbose]

  start        build, and run the demo
  test         build, and check and test everything, or only what is named: test lint types
  test:nodes   run the suites of the packages on every Node that they are for, or on those named: test:nodes 22 26
  faults       break what is around the broker, at full scale, with figures; or only what is named: faults disk-full
  load         put loads on the broker, at full scale, with figures; or only what is named: load message-flood
  fuzz         send what nobody should send, 100,000 times; or only what is named: fuzz messages --runs 1000
  bench        measure what things cost, beside what else one could use; or only what is named: bench --quick fan-out
  build        build every package and app
  run <cmd>    run any command with the tools of the repository: run vitest run --project broker
  help         this text`;

/** @type {Record<string, (steps: Steps, rest: string[]) => Promise<number>>} */
const commands = {
  async start(steps) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return startDemo(tools);
  },
  async test(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runChecks(
      steps,
      tools,
      rest.filter((argument) => !argument.startsWith('-')),
    );
  },
  async 'test:nodes'(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runNodes(
      steps,
      tools,
      rest.filter((argument) => /^\d+$/.test(argument)),
    );
  },
  async faults(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runFaults(tools, rest);
  },
  async fuzz(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runFuzz(tools, rest);
  },
  async load(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runFaults(tools, ['--loads', ...rest]);
  },
  async bench(steps, rest) {
    const tools = await prepare(steps);
    await build(steps, tools);
    return runBench(tools, rest);
  },
  async build(steps) {
    await build(steps, await prepare(steps));
    return 0;
  },
  async run(steps, [command, ...args]) {
    if (!command) throw new Error(`a command is missing\n\n${usage}`);
    const tools = await prepare(steps);
    return inherit(command, args, { cwd: root, env: tools.env });
  },
  async help() {
    console.log(usage);
    return 0;
  },
};

const [name = 'help', ...rest] = process.argv.slice(2);
const ownsArguments = name === 'run';
const steps = new Steps({ verbose: !ownsArguments && rest.includes('--verbose'), quiet: ownsArguments });
const command = commands[name];

endTogether();
try {
  if (!command) throw new Error(`unknown command '${name}'\n\n${usage}`);
  process.exitCode = await command(steps, rest);
} catch (error) {
  // A failed step has shown its output already, and been counted.
  if (!(error instanceof StepFailed)) {
    console.error(`dev: ${error instanceof Error ? error.message : String(error)}`);
    steps.failed += 1;
  }
  process.exitCode = 1;
  if (name === 'test') steps.printTotal();
}
