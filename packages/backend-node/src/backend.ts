import type { ContractDefinition } from '@wsbroker/protocol';
import { type Answer, type AnswerBody, commandsAnswer, errorAnswer } from './answer.ts';
import { isRejectEvent } from './backend-error.ts';
import { type EventHeaders, readEventFacts } from './context.ts';
import { isEventBusy } from './dedupe-store.ts';
import { createDispatch } from './dispatch.ts';
import { createVerifyEvent } from './event-signature.ts';
import { createFetchHandler, type FetchHandler } from './fetch-handler.ts';
import type { BackendHandlers, BackendOptions } from './handlers.ts';
import { createNodeHandler, type NodeHandler } from './node-handler.ts';
import { type NotificationFields, type RawBody, readBody, readRawBody } from './notification.ts';
import { positiveInteger } from './positive-integer.ts';
import { createReport } from './report.ts';
import { readSecrets } from './secrets.ts';

/** An event as it came over some transport. */
export interface IncomingEvent extends NotificationFields {
  /** Names in lower case. */
  readonly headers?: EventHeaders;
  /**
   * The body as it came, in place of the two fields; with a `secret` it is needed, since signatures are of it. The
   * header `content-type` says how to read it.
   */
  readonly rawBody?: RawBody | undefined;
}

/** Takes what a broker POSTs, in whichever way the server at hand gives it. */
export interface Backend {
  /** For `node:http`, and so for Express. Reads the body, or takes `request.body` where a parser has been before. */
  readonly nodeHandler: NodeHandler;
  /** For servers that take a `Request` and give a `Response`: Hono, Bun, Deno, Next. */
  readonly fetch: FetchHandler;
  /**
   * For everything else, such as Fastify: `message` and `connection` as parsed values or as JSON texts, and the
   * headers. Never rejects.
   */
  readonly handle: (event: IncomingEvent) => Promise<Answer>;
}

const defaultMaxBodyBytes = 1_048_576;
/** Of an event that another attempt is still at work on. */
const retryAfterSeconds = 1;

/**
 * A backend whose handlers are typed, and whose input is checked, by a contract.
 *
 * @throws {TypeError} where handlers and contract do not fit, or an option is out of bounds.
 * @example
 * const backend = createBackend(contract, {
 *   connect: (ctx) => ctx.session({ room: 'lobby' }),
 *   messages: {
 *     say: (ctx, message) => ctx.send({ type: 'said', text: message.text }, { match: { room: 'lobby' } }),
 *   },
 * });
 * createServer(backend.nodeHandler).listen(8000, '127.0.0.1');
 */
export const createBackend = <C extends ContractDefinition>(
  contract: C,
  handlers: BackendHandlers<C>,
): Backend => {
  const options: BackendOptions<C> = handlers;
  const maxBodyBytes = positiveInteger('maxBodyBytes', options.maxBodyBytes ?? defaultMaxBodyBytes);
  const { dedupe } = options;
  if (dedupe !== undefined && typeof dedupe.once !== 'function') {
    throw new TypeError(`dedupe has no method \`once\`: expected a store, such as memoryStore()`);
  }
  const dispatch = createDispatch(contract, handlers);
  const report = createReport(options.onError);
  const keys = readSecrets(options);
  const verifyEvent = keys && createVerifyEvent(keys, report);

  const answer: AnswerBody = async (body, headers) => {
    if (isFromBrowser(headers)) {
      return errorAnswer(
        403,
        'forbidden',
        'Events come from a broker, and this request from a web page (it has an Origin): refused',
      );
    }
    const refusal = verifyEvent?.(headers, body.raw);
    if (refusal !== undefined) return refusal;
    // What was verified is what is read, whatever a parser has made of it.
    const notification = verifyEvent ? readRawBody(body) : readBody(body);
    if (!notification.ok) {
      const { code, message } = notification.error;
      return errorAnswer(code === 'bad-content-type' ? 415 : 400, code, message);
    }
    const event = readEventFacts(notification.value.message.type, headers);
    try {
      const handle = async (): Promise<string> => JSON.stringify(await dispatch(notification.value, event));
      return commandsAnswer(
        dedupe === undefined || event.id === undefined ? await handle() : await dedupe.once(event.id, handle),
      );
    } catch (error) {
      if (isRejectEvent(error)) return errorAnswer(422, error.code, error.message);
      if (isEventBusy(error)) {
        return { ...errorAnswer(503, error.code, error.message), retryAfterSeconds };
      }
      report(error, event);
      // The error's own text stays here: it may hold a password, and this goes into the broker's log.
      return errorAnswer(
        500,
        'handler-failed',
        `The handler of ${JSON.stringify(event.type)} failed: the backend's own log says why`,
      );
    }
  };

  return {
    nodeHandler: createNodeHandler(answer, maxBodyBytes, report),
    fetch: createFetchHandler(answer, maxBodyBytes, report),
    handle: ({ headers = {}, rawBody, ...fields }) => {
      const contentType = [headers['content-type'] ?? ''].flat().join();
      const hasFields = fields.message !== undefined || fields.connection !== undefined;
      const parsed = hasFields || rawBody === undefined ? fields : undefined;
      return answer({ contentType, raw: rawBody, parsed }, headers);
    },
  };
};

/**
 * A page on the backend's machine could POST a form here and pass for a broker: browsers ask nobody before
 * they send one, but say where it comes from. `Sec-Fetch-Mode` alone is Node's own `fetch`.
 */
const isFromBrowser = (headers: EventHeaders): boolean =>
  headers['origin'] !== undefined || headers['sec-fetch-site'] !== undefined;
