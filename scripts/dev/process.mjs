/** Runs other programs, in the background or in the foreground. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Surroundings */

/** A command that could not be started or did not exit with 0. */
export class CommandFailed extends Error {
  /**
   * @param {string} message
   * @param {string} output what it printed
   */
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/** Commands whose output is collected. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Commands that own the terminal. @type {Set<import('node:child_process').ChildProcess>} */
const foreground = new Set();

/**
 * Lets one signal of a kind through at a time. Ctrl-C arrives more than once: from the terminal, and again from
 * npm, which passes it on; and programs take a second one as "now, at once".
 */
export class SignalGate {
  /** @type {Map<NodeJS.Signals, number>} */
  #passedAtMs = new Map();

  /**
   * @param {NodeJS.Signals} signal
   * @param {number} nowMs
   */
  passes(signal, nowMs) {
    if (nowMs - (this.#passedAtMs.get(signal) ?? -Infinity) < 500) return false;
    this.#passedAtMs.set(signal, nowMs);
    return true;
  }
}

const gate = new SignalGate();

/** @param {NodeJS.Signals} signal */
const exitCodeOf = (signal) => 128 + (constants.signals[signal] ?? 0);

/** @param {NodeJS.Signals} signal */
const end = (signal) => {
  // What runs in the foreground decides by itself when it is done.
  if (foreground.size > 0) {
    if (gate.passes(signal, Date.now())) for (const child of foreground) child.kill(signal);
    return;
  }
  for (const child of running) child.kill(signal);
  process.exit(exitCodeOf(signal));
};

/**
 * From here on, what ends this process ends what it has started.
 *
 * npm runs its scripts through a shell, and that does not pass signals on: it dies of them, and leaves this process
 * behind with another parent.
 */
export const endTogether = () => {
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => end(signal));
  }
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = () => {
    if (process.ppid !== parent) end('SIGTERM');
  };
  setInterval(watch, 500).unref();
};

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
const start = (command, args, options) =>
  // On Windows npm and the tools are `.cmd` files, which only a shell runs.
  spawn(command, args, { ...options, shell: process.platform === 'win32' });

/**
 * Runs a command and collects what it prints.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Surroundings & { onText?: (text: string) => void }} options
 * @returns {Promise<{ output: string }>}
 * @throws CommandFailed
 */
export const capture = (command, args, { cwd, env, onText }) =>
  new Promise((resolve, reject) => {
    const child = start(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
        onText?.(text);
      });
    }
    const line = [command, ...args].join(' ');
    child.once('error', (error) => {
      running.delete(child);
      reject(new CommandFailed(`${line}: ${error.message}`, output));
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve({ output });
      else reject(new CommandFailed(`${line} ended with ${signal ?? `exit code ${code}`}`, output));
    });
  });

/**
 * Runs a command in the foreground: it owns the terminal, and its exit code is handed back.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Surroundings} options
 * @returns {Promise<number>}
 */
export const inherit = (command, args, options) =>
  new Promise((resolve, reject) => {
    const isWindows = process.platform === 'win32';
    // A process group of its own, so that Ctrl-C reaches it once, through the gate.
    const child = start(command, args, { ...options, stdio: 'inherit', detached: !isWindows });
    foreground.add(child);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      foreground.delete(child);
      resolve(signal ? exitCodeOf(signal) : (code ?? 1));
    });
  });
