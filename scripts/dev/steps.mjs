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

/** One running step: in a terminal a line that is rewritten, elsewhere a line now and then. */
class Progress {
  #title;
  #startedMs = Date.now();
  #lastLine = '';
  #frame = 0;
  #timer;
  #out;

  /**
   * @param {string} title
   * @param {NodeJS.WriteStream} out
   */
  constructor(title, out) {
    this.#title = title.padEnd(titleWidth);
    this.#out = out;
    this.#timer = out.isTTY
      ? setInterval(() => this.#redraw(), frameMs)
      : setInterval(() => out.write(`  … ${this.#running()}\n`), heartbeatMs);
  }

  /** @param {string} text what the running command printed */
  saw(text) {
    for (const line of withoutCodes(text).split(/\r?\n/)) {
      // turbo's bullets tell about turbo, not about how far it is.
      if (/^\s*[^\s•]/.test(line)) this.#lastLine = line.trim();
    }
  }

  /**
   * @param {string} mark none leaves no line
   * @param {string} note
   */
  end(mark, note) {
    clearInterval(this.#timer);
    if (this.#out.isTTY) this.#out.write('\r\u001b[K');
    if (mark === '') return;
    const line = `  ${mark} ${this.#title} ${seconds(this.#startedMs).padStart(7)}  ${note}`;
    this.#out.write(`${line.trimEnd()}\n`);
  }

  #running() {
    return `${this.#title} ${seconds(this.#startedMs).padStart(7)}  ${this.#lastLine}`;
  }

  #redraw() {
    this.#frame = (this.#frame + 1) % frames.length;
    const line = `  ${frames[this.#frame]} ${this.#running()}`.slice(0, (this.#out.columns || 80) - 1);
    this.#out.write(`\r\u001b[K${line}`);
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
  #out;

  /** @param {{ verbose: boolean, quiet: boolean }} options quiet: what went well leaves no line, and none is on stdout */
  constructor({ verbose, quiet }) {
    this.#verbose = verbose;
    this.#quiet = quiet;
    this.#out = quiet ? process.stderr : process.stdout;
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
    const progress = new Progress(title, this.#out);
    const onText = (/** @type {string} */ text) => {
      progress.saw(text);
      if (this.#verbose) this.#out.write(text);
    };
    try {
      const note = await work(async (command, args) => {
        const { output } = await capture(command, args, { ...surroundings, onText });
        return output;
      });
      progress.end(this.#quiet ? '' : '✓', note);
      this.passed += 1;
      return true;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      progress.end('✗', error.message);
      if (!this.#verbose) this.#out.write(`\n${error.output.trim()}\n\n`);
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
