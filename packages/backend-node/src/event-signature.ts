import {
  explainVerdict,
  type SignatureHeaders,
  type SignatureKey,
  verify,
} from '@wsbroker/protocol/signature';
import { type Answer, errorAnswer } from './answer.ts';
import { BackendError } from './backend-error.ts';
import type { EventHeaders } from './context.ts';
import type { RawBody } from './notification.ts';
import type { Report } from './report.ts';

/** Whether an event is signed: nothing, or the answer that refuses it. */
export type VerifyEvent = (headers: EventHeaders, raw: RawBody | undefined) => Answer | undefined;

/**
 * Checks what no parser has touched, before one does.
 *
 * That an event comes twice is no offence: the broker tries again with the same id. `dedupe` is there for that.
 */
export const createVerifyEvent =
  (keys: readonly SignatureKey[], report: Report): VerifyEvent =>
  (headers, raw) => {
    if (raw === undefined) {
      report(new BackendError('body-already-read', rawBodyText), undefined);
      return errorAnswer(500, 'body-already-read', rawBodyText);
    }
    const signed: SignatureHeaders = {
      id: joined(headers['webhook-id']),
      timestamp: joined(headers['webhook-timestamp']),
      signature: joined(headers['webhook-signature']),
    };
    const nowSeconds = Date.now() / 1_000;
    const verdict = verify(keys, { ...signed, body: raw }, nowSeconds);
    if (verdict === 'ok') return undefined;
    const why = explainVerdict(verdict, signed, nowSeconds);
    return errorAnswer(401, 'bad-signature', `The event is refused. ${why}`);
  };

const rawBodyText =
  'Signatures are of the body as it came, and only what a parser has made of it is here: put this handler before the parser, or keep the bytes as request.rawBody (express.urlencoded({ verify: (request, response, bytes) => { request.rawBody = bytes } })), or give them to handle as rawBody';

/** Of a header that came twice, neither is meant. */
const joined = (value: EventHeaders[string]): string | undefined =>
  typeof value === 'string' ? value : value?.join(', ');
