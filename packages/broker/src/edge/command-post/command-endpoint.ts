import { decodeCommandBody } from '@wsbroker/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CommandContext, executeCommands } from '../../commands/execute.ts';
import { systemClock } from '../../delivery/clock.ts';
import { LimitedLog } from '../../ops/limited-log.ts';
import { readBody } from './command-body.ts';
import {
  type CommandRules,
  peerOf,
  type RefusedFor,
  refusalOfBodyToCome,
  refusalOfPeer,
} from './command-head.ts';
import { answerJson, type CommandRefusal, refuseCommands, tooLarge } from './command-refusal.ts';
import { encodeResults } from './command-results.ts';
import type { CommandSignatures } from './command-signature.ts';

export interface CommandEndpointOptions {
  readonly commands: CommandContext;
  readonly rules: CommandRules;
  /** Where there is a secret: only what is signed with it is taken. */
  readonly signatures: CommandSignatures | undefined;
  /** How long a body may take to arrive whole. */
  readonly requestTimeoutMs: number;
  /** The head of a request is as it should be: what follows is bounded by its own limits. */
  readonly onAccepted?: (request: IncomingMessage) => void;
}

/** Takes lists of commands that the backend POSTs. */
export class CommandEndpoint {
  readonly #options: CommandEndpointOptions;
  readonly #refusals: LimitedLog;
  /** So many whose commands run, or whose results are on their way. */
  #answering = 0;
  #whenIdle: (() => void) | undefined;

  constructor(options: CommandEndpointOptions) {
    this.#options = options;
    this.#refusals = new LimitedLog(options.commands.log);
  }

  /**
   * Answers a request. Never rejects.
   * @param isHeldBack Whether the peer asks first (`Expect: 100-continue`), and keeps its body until it is told to send it.
   */
  async handle(request: IncomingMessage, response: ServerResponse, isHeldBack = false): Promise<void> {
    // A peer that goes away in the middle is an `error` event on both.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const refusal = this.#refusalOfHead(request);
      if (refusal) return refuseCommands(response, refusal);
      const { rules, requestTimeoutMs } = this.#options;
      this.#options.onAccepted?.(request);
      if (isHeldBack) response.writeContinue();
      const body = await readBody(request, {
        maxBytes: rules.maxCommandBytes,
        timeoutMs: requestTimeoutMs,
      });
      if (body === 'too-large') return refuseCommands(response, tooLarge(rules.maxCommandBytes));
      if (body === 'too-slow') return void response.writeHead(408, { connection: 'close' }).end();
      // Over the bytes, before anything reads them as text.
      const forgery = this.#options.signatures?.refusalOf(request.headers, body);
      if (forgery) {
        this.#warn(request, 'signature', forgery);
        return refuseCommands(response, forgery);
      }
      const contentType = request.headers['content-type'] ?? '';
      const commands = decodeCommandBody({ contentType, text: body.toString('utf8') });
      if (!commands.ok) {
        const { code, message } = commands.error;
        return refuseCommands(response, { status: 400, code, message });
      }
      this.#track(response);
      const results = await executeCommands(this.#options.commands, commands.value, 'everyone');
      answerJson(response, 200, await encodeResults(results, this.#options.commands.log));
    } catch (error) {
      this.#refusals.warn('command failed', { error }, '! command POST failed:');
      response.destroy();
    }
  }

  /** Waits until every list of commands that was taken has been run and answered, at most so long. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#answering === 0) return;
    const idle = new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const inTime = new AbortController();
    await Promise.race([idle, systemClock.wait(timeoutMs, inTime.signal)]);
    inTime.abort();
  }

  #track(response: ServerResponse): void {
    if (response.closed) return;
    this.#answering += 1;
    response.once('close', this.#answered);
  }

  readonly #answered = (): void => {
    this.#answering -= 1;
    if (this.#answering === 0) this.#whenIdle?.();
  };

  /** Decided before a byte of the body is read. */
  #refusalOfHead(request: IncomingMessage): CommandRefusal | undefined {
    const { rules, signatures } = this.#options;
    const refusal = refusalOfPeer(request, rules);
    if (refusal) {
      this.#warn(request, refusal.refusedFor, refusal);
      return refusal;
    }
    const unsigned = signatures?.refusalOfHead(request.headers);
    if (unsigned) {
      this.#warn(request, 'signature', unsigned);
      return unsigned;
    }
    return refusalOfBodyToCome(request, rules);
  }

  #warn(request: IncomingMessage, about: RefusedFor | 'signature', { message }: CommandRefusal): void {
    const peer = peerOf(request, this.#options.rules);
    this.#refusals.warn(`command ${about}`, { peer }, `! refused a command POST: ${message}`);
  }
}
