import {
  type Batch,
  batchHeader,
  batchSchema,
  type Body,
  check,
  type Decoded,
  decodeBatch,
  decodeNotification,
  isJsonObject,
  type Notification,
  notificationSchema,
  parseJson,
} from '@wsbroker/protocol';
import type { EventHeaders } from './context.ts';

/** The fields of a POST, each as a value or as JSON text: what a form or a JSON parser leaves. */
export interface NotificationFields {
  readonly message?: unknown;
  readonly connection?: unknown;
  /** In place of the two, in a POST that brings several events. */
  readonly events?: unknown;
}

const readFields = (fields: NotificationFields): Decoded<Notification> => {
  const message = value(fields.message, 'message');
  if (!message.ok) return message;
  const connection = value(fields.connection, 'connection');
  if (!connection.ok) return connection;
  return check(
    notificationSchema,
    { message: message.value, connection: connection.value },
    'The notification',
  );
};

/** No field is ever a string itself, so a string is text that has still to be parsed. */
const value = (field: unknown, name: string): Decoded<unknown> =>
  typeof field === 'string' ? parseJson(field, `The field \`${name}\``) : { ok: true, value: field };

/** A body as it came over the wire. Text stands for its UTF-8. */
export type RawBody = Uint8Array | string;

export const isRawBody = (body: unknown): body is RawBody =>
  typeof body === 'string' || body instanceof Uint8Array;

/** What is there of a body: as it came, or what a parser before this package has made of it, or both. */
export interface IncomingBody {
  readonly contentType: string;
  readonly raw?: RawBody | undefined;
  readonly parsed?: unknown;
}

const textBody = ({ raw = '', contentType }: IncomingBody): Body => ({
  contentType,
  text: typeof raw === 'string' ? raw : new TextDecoder().decode(raw),
});

export const readNotification = (body: IncomingBody): Decoded<Notification> => {
  if (body.parsed === undefined) return decodeNotification(textBody(body));
  return readFields(isJsonObject(body.parsed) ? body.parsed : {});
};

/** Whether it brings several events: a parser has found the field, or the broker says so of what none has read. */
export const isBatch = ({ parsed }: IncomingBody, headers: EventHeaders): boolean =>
  parsed === undefined
    ? headers[batchHeader] !== undefined
    : isJsonObject(parsed) && parsed['events'] !== undefined;

export const readBatch = (body: IncomingBody): Decoded<Batch> => {
  if (body.parsed === undefined) return decodeBatch(textBody(body));
  const events = value(isJsonObject(body.parsed) ? body.parsed['events'] : undefined, 'events');
  return events.ok ? check(batchSchema, { events: events.value }, 'The batch') : events;
};
