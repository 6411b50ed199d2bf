import { batchHeader } from '@wsbroker/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, type AnswerBody, badMethodAnswer, errorAnswer, tooLargeAnswer } from './answer.ts';
import { BackendError } from './backend-error.ts';
import { BodyCollector, isDeclaredTooLarge, type ReadBody } from './body-reader.ts';
import { isRawBody } from './notification.ts';
import type { Report } from './report.ts';

/** A request listener of `node:http`, and a handler or middleware of Express. */
export type NodeHandler = (this: void, request: IncomingMessage, response: ServerResponse) => void;

export const createNodeHandler = (answer: AnswerBody, maxBodyBytes: number, report: Report): NodeHandler => {
  const answerRequest = async (request: IncomingMessage): Promise<Answer | undefined> => {
    if (request.method !== 'POST') return badMethodAnswer(request.method);
    const contentType = request.headers['content-type'] ?? '';
    // Express 4 leaves `body: {}` on requests that no parser took: what counts is whether the stream was read.
    if (request.readableDidRead) {
      const { body, rawBody } = request as IncomingMessage & ParsedBefore;
      const raw = [rawBody, body].find(isRawBody);
      const parsed = isRawBody(body) ? undefined : (body ?? undefined);
      if (raw === undefined && parsed === undefined) {
        report(new BackendError('body-already-read', alreadyReadText), undefined);
        return errorAnswer(500, 'body-already-read', alreadyReadText);
      }
      return answer({ contentType, raw, parsed }, request.headers);
    }
    const body = await readBytes(request, maxBodyBytes);
    if (body.outcome === 'gone') return undefined;
    if (body.outcome === 'too-large') return tooLargeAnswer(maxBodyBytes);
    return answer({ contentType, raw: body.bytes }, request.headers);
  };

  return (request, response) => {
    // A broker that goes away in the middle sends the event again: nothing to do here, and nothing to crash for.
    request.on('error', () => {});
    response.on('error', () => {});
    answerRequest(request)
      .then((answered) => {
        if (answered !== undefined) write(response, answered);
      })
      .catch((error: unknown) => {
        report(error, undefined);
        response.destroy();
      });
  };
};

/** What a parser leaves on the request. */
interface ParsedBefore {
  readonly body?: unknown;
  /** The bytes that it was made of: where the application keeps them, or its platform does. */
  readonly rawBody?: unknown;
}

const alreadyReadText =
  'The body was read before it came here, and request.body is empty: put this handler before what reads the body, or use a parser that leaves request.body (express.urlencoded, express.json)';

/** Not `for await`: leaving that loop early destroys the socket, and with it the answer 413. */
const readBytes = (request: IncomingMessage, maxBytes: number): Promise<ReadBody> =>
  new Promise((resolve) => {
    const collector = new BodyCollector(maxBytes);
    if (isDeclaredTooLarge(request.headers['content-length'], maxBytes)) {
      resolve({ outcome: 'too-large' });
      return;
    }
    request.on('data', (chunk: Uint8Array) => {
      if (!collector.add(chunk)) resolve({ outcome: 'too-large' });
    });
    request.on('end', () => resolve({ outcome: 'read', bytes: collector.bytes() }));
    request.on('close', () => resolve({ outcome: 'gone' }));
    if (request.readableEnded) resolve({ outcome: 'read', bytes: new Uint8Array() });
    else if (request.destroyed) resolve({ outcome: 'gone' });
  });

const write = (response: ServerResponse, answer: Answer): void => {
  // Gone, or answered by something else, such as a timeout of the application.
  if (response.destroyed || response.headersSent) return;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.text),
    ...(answer.status === 405 && { allow: 'POST' }),
    ...(answer.maxBatch !== undefined && { [batchHeader]: String(answer.maxBatch) }),
    ...(answer.retryAfterSeconds !== undefined && { 'retry-after': String(answer.retryAfterSeconds) }),
  });
  response.end(answer.text);
};
