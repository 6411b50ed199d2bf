import { commandListSchema, type CommandList } from './command.ts';
import { check, type Decoded, parseJson, refused } from './decoded.ts';
import { eventSchema, type Event } from './event.ts';
import * as z from 'zod';

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
  connectionJson: string,
): Body =>
  encoding === 'form'
    ? {
        contentType: contentTypes.form,
        text: `message=${formValue(messageJson)}&connection=${formValue(connectionJson)}`,
      }
    : { contentType: contentTypes.json, text: `{"message":${messageJson},"connection":${connectionJson}}` };

export const encodeNotification = (encoding: BodyEncoding, notification: Notification): Body =>
  notificationBody(encoding, JSON.stringify(notification.message), JSON.stringify(notification.connection));

/** Reads what a broker POSTs to a backend, in either encoding. */
export const decodeNotification = (body: Body): Decoded<Notification> => {
  switch (encodingOf(body.contentType)) {
    case 'form': {
      const fields = new URLSearchParams(body.text);
      const message = jsonField(fields, 'message');
      if (!message.ok) return message;
      const connection = jsonField(fields, 'connection');
      if (!connection.ok) return connection;
      return check(
        notificationSchema,
        { message: message.value, connection: connection.value },
        'The notification',
      );
    }
    case 'json': {
      const json = parseJson(body.text, 'The notification');
      return json.ok ? check(notificationSchema, json.value, 'The notification') : json;
    }
    case undefined:
      return unknownContentType(body.contentType);
  }
};

/** Whether a notification's message is one of the events that a broker sends by itself. */
export const isEvent = (message: unknown): message is Event => eventSchema.safeParse(message).success;

export const encodeCommands = (encoding: BodyEncoding, commands: CommandList): Body => {
  const json = JSON.stringify(commands);
  return encoding === 'form'
    ? { contentType: contentTypes.form, text: `data=${formValue(json)}` }
    : { contentType: contentTypes.json, text: json };
};

/** Reads the body of a command POST: only that it is a list; each command is checked when it runs. */
export const decodeCommandBody = (body: Body): Decoded<unknown[]> => {
  switch (encodingOf(body.contentType)) {
    case 'form': {
      const list = jsonField(new URLSearchParams(body.text), 'data');
      return list.ok ? asList(list.value, 'The field `data`') : list;
    }
    case 'json':
      return decodeCommandList(body.text);
    case undefined:
      return unknownContentType(body.contentType);
  }
};

/** Reads a JSON list of commands, such as a backend's answer: only that it is a list. */
export const decodeCommandList = (text: string): Decoded<unknown[]> => {
  const json = parseJson(text, 'The list of commands');
  return json.ok ? asList(json.value, 'The list of commands') : json;
};

/** Reads the body of a command POST and checks that each element could be a command. */
export const decodeCommands = (body: Body): Decoded<CommandList> => {
  const list = decodeCommandBody(body);
  return list.ok ? check(commandListSchema, list.value, 'The list of commands') : list;
};

const asList = (value: unknown, what: string): Decoded<unknown[]> =>
  Array.isArray(value)
    ? { ok: true, value }
    : refused(
        'bad-shape',
        `${what} is ${kindOf(value)}: expected a list of commands, such as [{"type":"list"}], even for one`,
      );

const kindOf = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;

const jsonField = (fields: URLSearchParams, name: string): Decoded<unknown> => {
  const text = fields.get(name);
  return text === null
    ? refused('bad-shape', `The form field \`${name}\` is missing: expected ${name}=<JSON>`, [
        { path: [name], message: 'missing' },
      ])
    : parseJson(text, `The form field \`${name}\``);
};

const encodingOf = (contentType: string): BodyEncoding | undefined => {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.form) return 'form';
  return type === contentTypes.json ? 'json' : undefined;
};

const unknownContentType = (contentType: string): Decoded<never> =>
  refused(
    'bad-content-type',
    `The content type is ${contentType === '' ? 'missing' : `"${contentType}"`}: expected ${contentTypes.form} or ${contentTypes.json}`,
  );

/** Form encoding of one value: as `encodeURIComponent`, which takes any well-formed text; lone surrogates become U+FFFD. */
const formValue = (text: string): string => encodeURIComponent(text.toWellFormed());
