import * as z from 'zod';
import { type CommandList, commandListSchema } from './command.ts';
import { check, decoded, type Decoded, type DecodeIssue, parseJson, refused } from './decoded.ts';
import { type Event, eventSchema } from './event.ts';
import { encodeForm, formValue, jsonField } from './form.ts';
import { JsonText } from './json-text.ts';

/**
 * How an event or a list of commands travels in an HTTP body.
 *
 * `form` is the seed's way and what PHP reads without help; `json` is one JSON document.
 */
export type BodyEncoding = 'form' | 'json';

export const contentTypes: Readonly<Record<BodyEncoding, string>> = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
};

/** The body of a POST, with the content type that belongs to it. */
export interface Body {
  /** As in the header, parameters included; empty where there is none. */
  readonly contentType: string;
  readonly text: string;
}

/**
 * An event on its way to the backend. In a form both fields are JSON texts; in JSON both are values.
 *
 * `connection` is a loose object here: events of `sendBackendMessage` come from no connection and carry `{ type: 'direct' }`.
 */
export const notificationSchema = z.looseObject({
  message: z.looseObject({ type: z.string() }),
  connection: z.record(z.string(), z.unknown()),
});
export interface Notification {
  readonly message: { readonly type: string; readonly [field: string]: unknown };
  readonly connection: Readonly<Record<string, unknown>>;
}

/** The notification body from texts that are JSON already: nothing is encoded twice. */
export const notificationBody = (
  encoding: BodyEncoding,
  messageJson: string,
  connection: JsonText,
): Body => ({
  contentType: contentTypes[encoding],
  text:
    encoding === 'form'
      ? `message=${formValue(messageJson)}&connection=${connection.form}`
      : `{"message":${messageJson},"connection":${connection.json}}`,
});

export const encodeNotification = (encoding: BodyEncoding, notification: Notification): Body =>
  notificationBody(
    encoding,
    JSON.stringify(notification.message),
    new JsonText(JSON.stringify(notification.connection)),
  );

/** Reads what a broker POSTs to a backend, in either encoding. */
export const decodeNotification = (body: Body): Decoded<Notification> => {
  const fields = notificationFields(body);
  return fields.ok ? check(notificationSchema, fields.value, 'The notification') : fields;
};

const notificationFields = ({ contentType, text }: Body): Decoded<unknown> => {
  switch (encodingOf(contentType)) {
    case 'form': {
      const message = jsonField(text, 'message');
      if (!message.ok) return message;
      const connection = jsonField(text, 'connection');
      if (!connection.ok) return connection;
      return decoded({ message: message.value, connection: connection.value });
    }
    case 'json':
      return parseJson(text, 'The notification');
    case undefined:
      return unknownContentType(contentType);
  }
};

/** Whether a notification's message is one of the events that a broker sends by itself. */
export const isEvent = (message: unknown): message is Event => eventSchema.safeParse(message).success;

export const encodeCommands = (encoding: BodyEncoding, commands: CommandList): Body => {
  const json = JSON.stringify(commands);
  return {
    contentType: contentTypes[encoding],
    text: encoding === 'form' ? encodeForm({ data: json }) : json,
  };
};

/** Reads the body of a command POST: only that it is a list; each command is checked when it runs. */
export const decodeCommandBody = ({ contentType, text }: Body): Decoded<unknown[]> => {
  switch (encodingOf(contentType)) {
    case 'form': {
      const list = jsonField(text, 'data');
      return list.ok ? asList(list.value, 'The form field `data`', ['data']) : list;
    }
    case 'json':
      return decodeCommandList(text);
    case undefined:
      return unknownContentType(contentType);
  }
};

/** Some editors begin a PHP file with one, which then begins every answer. */
const byteOrderMark = '\u{FEFF}';

/** Reads a JSON list of commands, such as a backend's answer: only that it is a list. */
export const decodeCommandList = (text: string): Decoded<unknown[]> => {
  const json = parseJson(text.startsWith(byteOrderMark) ? text.slice(1) : text, 'The list of commands');
  return json.ok ? asList(json.value, 'The list of commands', []) : json;
};

/** Reads the body of a command POST and checks that each element could be a command. */
export const decodeCommands = (body: Body): Decoded<CommandList> => {
  const list = decodeCommandBody(body);
  return list.ok ? check(commandListSchema, list.value, 'The list of commands') : list;
};

const asList = (value: unknown, what: string, path: DecodeIssue['path']): Decoded<unknown[]> => {
  if (Array.isArray(value)) return decoded<unknown[]>(value);
  const message = `${what} is ${kindOf(value)}: expected a list of commands, such as [{"type":"list"}], even for one`;
  return refused('bad-shape', message, [{ path, message }]);
};

const kindOf = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;

/** No content type counts as a form: the seed's broker never looked, and simple HTTP clients send none. */
export const encodingOf = (contentType: string): BodyEncoding | undefined => {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === '' || type === contentTypes.form) return 'form';
  return type === contentTypes.json ? 'json' : undefined;
};

export const unknownContentType = (contentType: string): Decoded<never> =>
  refused(
    'bad-content-type',
    `The content type is ${JSON.stringify(contentType)}: expected ${contentTypes.form} or ${contentTypes.json}`,
  );
