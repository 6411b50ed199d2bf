/** The lines that a command shows: one for each step, and a sign of life while it runs. */
import { CommandFailed, capture } from './process.mjs';

/** The output of the failed step has been shown. */
export class StepFailed extends Error {}

const heartbeatMs = 10_000;
const frameMs = 100;
const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const titleWidth = 12;

const seconds = (/** @type {number} */ sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Colours and cursor codes of the tools, which would garble a line of ours. @param {string} text */
// oxlint-disable-next-line no-control-regex
export const withoutCodes = (text) => text.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '');

/**
 * One running step: in a terminal a line that is rewritten, elsewhere a line now and then.
 */
class Progress {
  #title;
  #startedMs = Date.now();
  #lastLine = '';
  #frame = 0;
  #timer;
  #isTerminal = process.stdout.isTTY;

  /** @param {string} title */
  constructor(title) {
    this.#title = title.padEnd(titleWidth);
    if (this.#isTerminal) this.#timer = setInterval(() => this.#redraw(), frameMs);
    else this.#timer = setInterval(() => console.log(`  … ${this.#running()}`), heartbeatMs);
    if (this.#isTerminal) this.#redraw();
  }

  /** @param {string} text what the running command printed */
  saw(text) {
    for (const line of withoutCodes(text).split(/\r?\n/)) {
      if (line.trim() !== '') this.#lastLine = line.trim();
    }
  }

  /**
   * @param {string} mark
   * @param {string} note
   */
  end(mark, note) {
    clearInterval(this.#timer);
    if (this.#isTerminal) process.stdout.write('\r\u001b[K');
    console.log(`  ${mark} ${this.#title} ${seconds(this.#startedMs).padStart(7)}  ${note}`.trimEnd());
  }

  #running() {
    return `${this.#title} ${seconds(this.#startedMs).padStart(7)}  ${this.#lastLine}`;
  }

  #redraw() {
    this.#frame = (this.#frame + 1) % frames.length;
    const line = `  ${frames[this.#frame]} ${this.#running()}`.slice(0, (process.stdout.columns || 80) - 1);
    process.stdout.write(`\r\u001b[K${line}`);
  }
}

/**
 * Runs steps one after the other, shows each, and counts.
 *
 * @typedef {(command: string, args: string[]) => Promise<string>} Run runs a command, gives its output
 */
export class Steps {
  passed = 0;
  failed = 0;
  #verbose;
  #quiet;

  /** @param {{ verbose: boolean, quiet: boolean }} options quiet: only failures are shown */
  constructor({ verbose, quiet }) {
    this.#verbose = verbose;
    this.#quiet = quiet;
  }

  /**
   * Runs a step; the text that it gives stands at the end of its line.
   *
   * @param {string} title
   * @param {import('./process.mjs').Surroundings} surroundings
   * @param {(run: Run) => Promise<string>} work
   * @returns {Promise<boolean>} whether it went well
   */
  async try(title, surroundings, work) {
    const progress = this.#quiet ? undefined : new Progress(title);
    const onText = (/** @type {string} */ text) => {
      progress?.saw(text);
      if (this.#verbose) process.stdout.write(text);
    };
    try {
      const note = await work(async (command, args) => {
        const { output } = await capture(command, args, { ...surroundings, onText });
        return output;
      });
      progress?.end('✓', note);
      this.passed += 1;
      return true;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      progress?.end('✗', error.message);
      if (!this.#verbose) console.log(`\n${error.output.trimEnd()}\n`);
      this.failed += 1;
      return false;
    }
  }

  /**
   * As `try`, where nothing after it makes sense without it.
   *
   * @param {string} title
   * @param {import('./process.mjs').Surroundings} surroundings
   * @param {(run: Run) => Promise<string>} work
   * @throws StepFailed
   */
  async must(title, surroundings, work) {
    if (!(await this.try(title, surroundings, work))) throw new StepFailed(title);
  }

  /** The last line of `npm test`: alone, and read by machines. */
  printTotal() {
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
  }
}
