import { batchHeader } from '@wsbroker/protocol';
import { type Answer, type AnswerBody, badMethodAnswer, errorAnswer, tooLargeAnswer } from './answer.ts';
import { BackendError } from './backend-error.ts';
import { BodyCollector, isDeclaredTooLarge, type ReadBody } from './body-reader.ts';
import type { Report } from './report.ts';

/** A handler of fetch-style servers. Never rejects. */
export type FetchHandler = (this: void, request: Request) => Promise<Response>;

export const createFetchHandler = (
  answer: AnswerBody,
  maxBodyBytes: number,
  report: Report,
): FetchHandler => {
  const answerRequest = async (request: Request): Promise<Answer> => {
    if (request.method !== 'POST') return badMethodAnswer(request.method);
    if (request.bodyUsed) {
      report(new BackendError('body-already-read', alreadyReadText), undefined);
      return errorAnswer(500, 'body-already-read', alreadyReadText);
    }
    const body = await readBytes(request, maxBodyBytes);
    if (body.outcome === 'too-large') return tooLargeAnswer(maxBodyBytes);
    if (body.outcome === 'gone') {
      return errorAnswer(400, 'bad-shape', 'The body ended early: expected a whole one');
    }
    const contentType = request.headers.get('content-type') ?? '';
    return answer({ contentType, raw: body.bytes }, Object.fromEntries(request.headers));
  };

  return async (request) => {
    const { status, contentType, text, retryAfterSeconds, maxBatch } = await answerRequest(request);
    const headers = new Headers({ 'content-type': contentType });
    if (status === 405) headers.set('allow', 'POST');
    if (maxBatch !== undefined) headers.set(batchHeader, String(maxBatch));
    if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds));
    return new Response(text, { status, headers });
  };
};

const alreadyReadText =
  "The request's body was read before it came here: pass the request on unread (in Hono: c.req.raw, before c.req.parseBody)";

const readBytes = async (request: Request, maxBytes: number): Promise<ReadBody> => {
  const collector = new BodyCollector(maxBytes);
  if (isDeclaredTooLarge(request.headers.get('content-length'), maxBytes)) return { outcome: 'too-large' };
  if (request.body === null) return { outcome: 'read', bytes: new Uint8Array() };
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!collector.add(part.value)) {
        await reader.cancel();
        return { outcome: 'too-large' };
      }
    }
    return { outcome: 'read', bytes: collector.bytes() };
  } catch {
    return { outcome: 'gone' };
  }
};
