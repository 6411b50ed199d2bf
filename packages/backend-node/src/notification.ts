import {
  check,
  type Decoded,
  decodeNotification,
  isJsonObject,
  type Notification,
  notificationSchema,
  parseJson,
} from '@wsbroker/protocol';

/** The two fields of a notification, each as a value or as JSON text: what a form or a JSON parser leaves. */
export interface NotificationFields {
  readonly message?: unknown;
  readonly connection?: unknown;
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

/** Neither field is ever a string itself, so a string is text that has still to be parsed. */
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

export const readRawBody = ({ raw = '', contentType }: IncomingBody): Decoded<Notification> =>
  decodeNotification({ contentType, text: typeof raw === 'string' ? raw : new TextDecoder().decode(raw) });

export const readBody = (body: IncomingBody): Decoded<Notification> => {
  if (body.parsed === undefined) return readRawBody(body);
  return readFields(isJsonObject(body.parsed) ? body.parsed : {});
};
