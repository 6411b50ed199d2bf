import type { Dispatcher } from 'undici';

/** What became of a POST. */
export type Posted =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly headers: AnswerHeaders;
      /** The body of a 2xx; undefined where it was larger than it may be. Other bodies are thrown away. */
      readonly text: string | undefined;
    }
  | { readonly outcome: 'failed'; readonly error: unknown }
  /** Not answered in time. */
  | { readonly outcome: 'late' };

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface ExchangeInit {
  readonly signal: AbortSignal;
  readonly untilMs: number;
  readonly maxAnswerBytes: number;
  /** Runs once. */
  readonly onEnd: (exchange: HttpExchange, posted: Posted) => void;
}

/** Of a body that nobody wants so much is read, so that the connection can be used again; a longer one is cut off. */
const maxUnwantedBytes = 64 * 1_024;

/** Some editors begin a PHP file with one, which then begins every answer. */
const byteOrderMark = '\u{FEFF}';

/**
 * One POST and its answer, as undici tells of it.
 *
 * A handler of undici's own level: `request()` makes a stream and a dozen promises of every answer, which costs more
 * than all else that is done for an event.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly signal: AbortSignal;
  readonly untilMs: number;
  readonly #init: ExchangeInit;
  #controller: Dispatcher.DispatchController | undefined;
  #isEnded = false;
  #status = 0;
  #headers: AnswerHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(init: ExchangeInit) {
    this.#init = init;
    this.signal = init.signal;
    this.untilMs = init.untilMs;
  }

  /** Ends it with this, whatever still comes. A request that waits for a connection is then never sent. */
  cut(posted: Posted): void {
    this.#end(posted);
    this.#controller?.abort(new Error('cut'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isEnded) controller.abort(new Error('cut'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // Of the kind 103, another follows.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isEnded) return;
    this.#bytes += chunk.length;
    const maxBytes = this.#isWanted ? this.#init.maxAnswerBytes : maxUnwantedBytes;
    if (this.#bytes > maxBytes) this.cut(this.#answered(undefined));
    else if (this.#isWanted) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#end(this.#answered(this.#isWanted ? textOf(this.#chunks) : undefined));
  }

  onResponseError(_controller: unknown, error: unknown): void {
    // What a status means is known without its body.
    const isKnown = this.#status !== 0 && !this.#isWanted;
    this.#end(isKnown ? this.#answered(undefined) : { outcome: 'failed', error });
  }

  get #isWanted(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  #answered(text: string | undefined): Posted {
    return { outcome: 'answered', status: this.#status, headers: this.#headers, text };
  }

  #end(posted: Posted): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#chunks = [];
    this.#init.onEnd(this, posted);
  }
}

const textOf = (chunks: readonly Buffer[]): string => {
  const [first] = chunks;
  if (!first) return '';
  const text = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString('utf8');
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
};
