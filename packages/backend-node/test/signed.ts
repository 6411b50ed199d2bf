import { encodeNotification } from '@wsbroker/protocol';
import { Webhook } from 'standardwebhooks';
import type { PostedEvent } from './post-event.ts';

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
export const secret = secretOf('a');
export const newSecret = secretOf('b');
export const wrongSecret = secretOf('c');

export interface SignedRequest {
  readonly body: string;
  readonly headers: Record<string, string>;
}

interface Signing extends Partial<PostedEvent> {
  readonly secret?: string;
  readonly secondsAhead?: number;
}

/** An event as another implementation of Standard Webhooks signs it. */
export const signedEvent = ({
  message = { type: 'client-say', text: 'grüß dich 👋 & + %20' },
  connection = { ip: '127.0.0.1', wskey: 'k1' },
  encoding = 'form',
  id = 'k1-1',
  attempt = 1,
  ...signing
}: Signing = {}): SignedRequest => {
  const { contentType, text } = encodeNotification(encoding, { message, connection });
  const at = new Date(Date.now() + 1_000 * (signing.secondsAhead ?? 0));
  return {
    body: text,
    headers: {
      'content-type': contentType,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(signing.secret ?? secret).sign(id, at, text),
      'wsbroker-attempt': String(attempt),
    },
  };
};
