import type { ContractDefinition } from '@wsbroker/protocol';
import { type Answer, type AnswerBody, errorAnswer } from './answer.ts';
import { answerBatch, type AnswerContext, answerEvent } from './answer-events.ts';
import type { EventHeaders } from './context.ts';
import { createDispatch } from './dispatch.ts';
import { createVerifyEvent } from './event-signature.ts';
import { createFetchHandler, type FetchHandler } from './fetch-handler.ts';
import type { BackendHandlers, BackendOptions } from './handlers.ts';
import { createNodeHandler, type NodeHandler } from './node-handler.ts';
import {
  isBatch,
  type NotificationFields,
  type RawBody,
  readBatch,
  readNotification,
} from './notification.ts';
import { positiveInteger } from './positive-integer.ts';
import { createReport } from './report.ts';
import { readSecrets } from './secrets.ts';

/** An event, or several, as it came over some transport. */
export interface IncomingEvent extends NotificationFields {
  /** Names in lower case. */
  readonly headers?: EventHeaders;
  /**
   * The body as it came, in place of the fields; with a `secret` it is needed, since signatures are of it. The
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
   * For everything else, such as Fastify: `message` and `connection`, or `events`, as parsed values or as JSON texts,
   * and the headers. Never rejects.
   */
  readonly handle: (event: IncomingEvent) => Promise<Answer>;
}

const defaultMaxBodyBytes = 1_048_576;
const defaultMaxBatch = 100;

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
  const maxBatch = positiveInteger('maxBatch', options.maxBatch ?? defaultMaxBatch);
  const { dedupe } = options;
  if (dedupe !== undefined && typeof dedupe.once !== 'function') {
    throw new TypeError(`dedupe has no method \`once\`: expected a store, such as memoryStore()`);
  }
  const dispatch = createDispatch(contract, handlers);
  const report = createReport(options.onError);
  const keys = readSecrets(options);
  const verifyEvent = keys && createVerifyEvent(keys, report);

  const context: AnswerContext = {
    report,
    handle: (notification, event) => {
      const handle = async (): Promise<string> => JSON.stringify(await dispatch(notification, event));
      return dedupe === undefined || event.id === undefined ? handle() : dedupe.once(event.id, handle);
    },
  };

  const answerAny: AnswerBody = async (body, headers) => {
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
    const toRead = verifyEvent ? { ...body, parsed: undefined } : body;
    return isBatch(toRead, headers)
      ? answerBatch(readBatch(toRead), headers, context)
      : answerEvent(readNotification(toRead), headers, context);
  };

  const answer: AnswerBody = async (body, headers) => {
    const answered = await answerAny(body, headers);
    return maxBatch === 1 ? answered : { ...answered, maxBatch };
  };

  return {
    nodeHandler: createNodeHandler(answer, maxBodyBytes, report),
    fetch: createFetchHandler(answer, maxBodyBytes, report),
    handle: ({ headers = {}, rawBody, ...fields }) => {
      const contentType = [headers['content-type'] ?? ''].flat().join();
      const { message, connection, events } = fields;
      const hasFields = [message, connection, events].some((field) => field !== undefined);
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
