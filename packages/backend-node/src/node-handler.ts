import { type Decoded, decodeNotification, type Notification } from '@wsbroker/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Answer,
  type AnswerNotification,
  badMethodAnswer,
  errorAnswer,
  tooLargeAnswer,
} from './answer.ts';
import { BackendError } from './backend-error.ts';
import { BodyCollector, isDeclaredTooLarge, type ReadBody } from './body-reader.ts';
import { readParsedBody } from './notification.ts';
import type { Report } from './report.ts';

/** A request listener of `node:http`, and a handler or middleware of Express. */
export type NodeHandler = (this: void, request: IncomingMessage, response: ServerResponse) => void;

export const createNodeHandler = (
  answer: AnswerNotification,
  maxBodyBytes: number,
  report: Report,
): NodeHandler => {
  const answerRequest = async (request: IncomingMessage): Promise<Answer | undefined> => {
    if (request.method !== 'POST') return badMethodAnswer(request.method);
    const contentType = request.headers['content-type'] ?? '';
    let notification: Decoded<Notification>;
    // Express 4 leaves `body: {}` on requests that no parser took: what counts is whether the stream was read.
    if (request.readableDidRead) {
      const { body } = request as IncomingMessage & { readonly body?: unknown };
      if (body === undefined || body === null) {
        report(new BackendError('body-already-read', alreadyReadText), undefined);
        return errorAnswer(500, 'body-already-read', alreadyReadText);
      }
      notification = readParsedBody(body, contentType);
    } else {
      const body = await readText(request, maxBodyBytes);
      if (body.outcome === 'gone') return undefined;
      if (body.outcome === 'too-large') return tooLargeAnswer(maxBodyBytes);
      notification = decodeNotification({ contentType, text: body.text });
    }
    return answer(notification, request.headers);
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

const alreadyReadText =
  'The body was read before it came here, and request.body is empty: put this handler before what reads the body, or use a parser that leaves request.body (express.urlencoded, express.json)';

/** Not `for await`: leaving that loop early destroys the socket, and with it the answer 413. */
const readText = (request: IncomingMessage, maxBytes: number): Promise<ReadBody> =>
  new Promise((resolve) => {
    const collector = new BodyCollector(maxBytes);
    if (isDeclaredTooLarge(request.headers['content-length'], maxBytes)) {
      resolve({ outcome: 'too-large' });
      return;
    }
    request.on('data', (chunk: Uint8Array) => {
      if (!collector.add(chunk)) resolve({ outcome: 'too-large' });
    });
    request.on('end', () => resolve({ outcome: 'read', text: collector.text() }));
    request.on('close', () => resolve({ outcome: 'gone' }));
    if (request.readableEnded) resolve({ outcome: 'read', text: '' });
    else if (request.destroyed) resolve({ outcome: 'gone' });
  });

const write = (response: ServerResponse, answer: Answer): void => {
  // Gone, or answered by something else, such as a timeout of the application.
  if (response.destroyed || response.headersSent) return;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.text),
    ...(answer.status === 405 && { allow: 'POST' }),
    ...(answer.retryAfterSeconds !== undefined && { 'retry-after': String(answer.retryAfterSeconds) }),
  });
  response.end(answer.text);
};
