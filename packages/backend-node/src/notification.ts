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

export const readFields = (fields: NotificationFields): Decoded<Notification> => {
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

/** Reads a body that something before this handler has read: text, bytes, or the fields of it. */
export const readParsedBody = (body: unknown, contentType: string): Decoded<Notification> => {
  if (typeof body === 'string') return decodeNotification({ contentType, text: body });
  if (body instanceof Uint8Array) {
    return decodeNotification({ contentType, text: new TextDecoder().decode(body) });
  }
  return readFields(isJsonObject(body) ? body : {});
};
