import { type BodyEncoding, encodeNotification } from '@wsbroker/protocol';

export interface PostedEvent {
  readonly message: { readonly type: string; readonly [field: string]: unknown };
  readonly connection?: Readonly<Record<string, unknown>>;
  readonly encoding?: BodyEncoding;
  readonly id?: string;
  readonly attempt?: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

/** Delivers an event as a broker does. */
export const postEvent = async (
  url: string,
  {
    message,
    connection = { ip: '127.0.0.1', wskey: 'k1' },
    encoding = 'form',
    id = 'k1-1',
    attempt = 1,
  }: PostedEvent,
): Promise<PostAnswer> => {
  const { contentType, text } = encodeNotification(encoding, { message, connection });
  return post(url, text, {
    'content-type': contentType,
    'webhook-id': id,
    'webhook-timestamp': '1790000000',
    'wsbroker-attempt': String(attempt),
  });
};

export const post = async (
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<PostAnswer> => {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
};
