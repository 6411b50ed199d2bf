import { decodeCommandBody, type ErrorCode } from '@wsbroker/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CommandContext, executeCommands } from '../commands/execute.ts';
import { systemClock } from '../delivery/clock.ts';
import type { AddressList } from './address-list.ts';

export interface CommandEndpointOptions {
  readonly commands: CommandContext;
  /** Peers that may send commands; undefined: nobody. */
  readonly allow: AddressList | undefined;
  readonly maxCommandBytes: number;
}

/** Headers of a proxy: what it forwards comes from somebody else than the peer that `allow` knows. */
const isForwardingHeader = (header: string): boolean =>
  header === 'forwarded' || header === 'via' || header === 'x-real-ip' || header.startsWith('x-forwarded-');

interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Takes lists of commands from the backend, POSTed to the WebSocket port. */
export class CommandEndpoint {
  readonly #options: CommandEndpointOptions;
  /** Those whose commands run, or whose results are on their way. */
  readonly #answering = new Set<Promise<unknown>>();

  constructor(options: CommandEndpointOptions) {
    this.#options = options;
  }

  /** Answers a request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A peer that goes away in the middle is an `error` event on both.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const refusal = this.#refusalOf(request);
      if (refusal) return refuse(response, refusal);
      const text = await readBody(request, this.#options.maxCommandBytes);
      if (text === undefined) return refuse(response, tooLarge(this.#options.maxCommandBytes));
      const contentType = request.headers['content-type'] ?? '';
      const commands = decodeCommandBody({ contentType, text });
      if (!commands.ok) {
        const { code, message } = commands.error;
        return refuse(response, { status: code === 'bad-content-type' ? 415 : 400, code, message });
      }
      this.#track(response);
      const results = await executeCommands(this.#options.commands, commands.value, 'everyone');
      answer(response, 200, this.#encode(results));
    } catch (error) {
      this.#options.commands.log.warn({ error }, '! command POST failed:');
      response.destroy();
    }
  }

  /** Waits until every list of commands that was taken has been run and answered, at most so long. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#answering.size === 0) return;
    const inTime = new AbortController();
    await Promise.race([Promise.all(this.#answering), systemClock.wait(timeoutMs, inTime.signal)]);
    inTime.abort();
  }

  #track(response: ServerResponse): void {
    if (response.closed) return;
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    this.#answering.add(answered);
    response.once('close', () => {
      this.#answering.delete(answered);
      resolve();
    });
  }

  /** Decided on the head alone, before a byte of the body is read. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { allow } = this.#options;
    const peer = request.socket.remoteAddress;
    const forbidden = (message: string): Refusal => {
      this.#options.commands.log.warn({ peer }, `! refused a command POST: ${message}`);
      return { status: 403, code: 'forbidden', message };
    };
    if (allow === undefined) {
      return forbidden(
        'Commands are not taken here: the broker has no `backend.allow`, the list of addresses that may send them.',
      );
    }
    if (!allow.has(peer)) {
      return forbidden(
        `Commands are not taken from ${peer ?? 'an unknown address'}: it is not in \`backend.allow\`.`,
      );
    }
    const forwarding = Object.keys(request.headers).find(isForwardingHeader);
    if (forwarding !== undefined) {
      return forbidden(
        `Commands are not taken through a proxy (the request has \`${forwarding}\`): send them to the broker directly.`,
      );
    }
    // Not `sec-fetch-mode`: the `fetch` of Node sends it too, and backends use that.
    const fromBrowser =
      request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined;
    if (fromBrowser) {
      return forbidden('Commands are not taken from a web page: send them from the backend.');
    }
    if (Number(request.headers['content-length'] ?? 0) > this.#options.maxCommandBytes) {
      return tooLarge(this.#options.maxCommandBytes);
    }
    return undefined;
  }

  /** A handler's result that JSON cannot hold costs that result alone. */
  #encode(results: readonly unknown[]): string {
    const texts = results.map((result) => {
      try {
        // A function or `undefined` is no JSON, which the types do not say.
        const text: unknown = JSON.stringify(result);
        return typeof text === 'string' ? text : 'null';
      } catch (error) {
        const message = `The result cannot be written as JSON: ${(error as Error).message}`;
        this.#options.commands.log.error({ error }, '! a command has a result that is no JSON:');
        return JSON.stringify({ error: { code: 'command-failed', message } });
      }
    });
    return `[${texts.join(',')}]`;
  }
}

const tooLarge = (maxBytes: number): Refusal => ({
  status: 413,
  code: 'too-large',
  message: `The body is larger than ${maxBytes} bytes: send fewer commands at once, or raise \`maxCommandBytes\`.`,
});

const answer = (response: ServerResponse, status: number, json: string): void => {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
    // What was not read of a refused body would be taken for the next request.
    ...(status === 200 ? {} : { connection: 'close' }),
  });
  response.end(json);
};

const refuse = (response: ServerResponse, { status, code, message }: Refusal): void =>
  answer(response, status, JSON.stringify({ error: { code, message } }));

/** The body as text; undefined as soon as it is larger than `maxBytes`. The stream stays open for the answer. */
const readBody = (request: IncomingMessage, maxBytes: number): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData);
      request.pause();
      resolve(undefined);
    };
    request.on('data', onData);
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the peer went away before the body was whole')));
  });
