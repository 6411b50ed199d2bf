import * as z from 'zod';
import {
  type Body,
  type BodyEncoding,
  contentTypes,
  encodingOf,
  notificationSchema,
  unknownContentType,
} from './body.ts';
import { check, decoded, type Decoded, parseJson, refused } from './decoded.ts';
import { formValue, jsonField } from './form.ts';
import type { JsonText } from './json-text.ts';

/**
 * The header by which a backend says how many events one POST may bring, and a broker how many one brings.
 *
 * In lower case, as `node:http` gives names.
 */
export const batchHeader = 'wsbroker-batch';

/** No POST brings more events, whatever a backend says. */
export const maxBatchEvents = 1_000;

/** An event among others: what a single one has in headers, it has in fields. */
export const batchEventSchema = notificationSchema.extend({
  /** The event's own id, the same on every attempt. */
  id: z.string().min(1),
  /** From 1. */
  attempt: z.int().min(1),
  /** Of a client's request: its id, which says that a `reply` is expected. */
  request: z.int().min(0).optional(),
  /** Of `session-disconnect`: why. */
  reason: z.string().optional(),
  /** W3C trace context. */
  traceparent: z.string().optional(),
});

/** Events of different connections that came in one POST. */
export const batchSchema = z.looseObject({ events: z.array(batchEventSchema).min(1).max(maxBatchEvents) });
export type BatchEvent = z.infer<typeof batchEventSchema>;
export interface Batch {
  readonly events: readonly BatchEvent[];
}

/** The facts of an event among others, with texts that are JSON already. */
export interface EncodedBatchEvent {
  readonly id: string;
  readonly attempt: number;
  readonly messageJson: string;
  readonly connection: JsonText;
  readonly request?: number | undefined;
  readonly reason?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** The body of a POST that brings several events; nothing is encoded twice. */
export const batchBody = (encoding: BodyEncoding, events: readonly EncodedBatchEvent[]): Body => ({
  contentType: contentTypes[encoding],
  text:
    encoding === 'form'
      ? `events=%5B${events.map(batchEventForm).join('%2C')}%5D`
      : `{"events":[${events.map(batchEventJson).join(',')}]}`,
});

const batchEventJson = (event: EncodedBatchEvent): string => {
  const { messageJson, connection, ...facts } = event;
  return `${JSON.stringify(facts).slice(0, -1)},"message":${messageJson},"connection":${connection.json}}`;
};

/** What `batchEventJson` gives, as the value of a form; each part that is known in that form is taken as it is. */
const batchEventForm = (event: EncodedBatchEvent): string => {
  const { id, attempt, request, reason, traceparent, messageJson, connection } = event;
  let form = `%7B%22id%22%3A${textForm(id)}%2C%22attempt%22%3A${attempt}`;
  if (request !== undefined) form += `%2C%22request%22%3A${request}`;
  if (reason !== undefined) form += `%2C%22reason%22%3A${textForm(reason)}`;
  if (traceparent !== undefined) form += `%2C%22traceparent%22%3A${textForm(traceparent)}`;
  return `${form}%2C%22message%22%3A${formValue(messageJson)}%2C%22connection%22%3A${connection.form}%7D`;
};

/** A JSON text of these is itself in quotes, also in a form. */
const unescapedTexts = /^[\w.-]*$/;

const textForm = (text: string): string =>
  unescapedTexts.test(text) ? `%22${text}%22` : formValue(JSON.stringify(text));

/** Reads a POST that brings several events, in either encoding. */
export const decodeBatch = (body: Body): Decoded<Batch> => {
  const fields = batchFields(body);
  return fields.ok ? check(batchSchema, fields.value, 'The batch') : fields;
};

const batchFields = ({ contentType, text }: Body): Decoded<unknown> => {
  switch (encodingOf(contentType)) {
    case 'form': {
      const events = jsonField(text, 'events');
      return events.ok ? decoded({ events: events.value }) : events;
    }
    case 'json':
      return parseJson(text, 'The batch');
    case undefined:
      return unknownContentType(contentType);
  }
};

/**
 * Reads what a backend answers to several events: for each of them a list of commands, or null where it has not done
 * it. Each command is checked when it runs.
 */
export const decodeBatchAnswer = (
  text: string,
  events: number,
): Decoded<readonly (readonly unknown[] | null)[]> => {
  const json = parseJson(text, 'The answer');
  if (!json.ok) return json;
  const answers = json.value;
  const expected = `expected a list of ${events}, each a list of commands or null`;
  if (!Array.isArray(answers)) return refused('bad-shape', `The answer is no list: ${expected}`);
  if (answers.length !== events) {
    return refused('bad-shape', `The answer is a list of ${answers.length}: ${expected}`);
  }
  const wrong = answers.findIndex((answer) => answer !== null && !Array.isArray(answer));
  if (wrong >= 0) {
    return refused('bad-shape', `The answer is not valid: [${wrong}]: ${expected}`, [
      { path: [wrong], message: 'expected a list of commands or null' },
    ]);
  }
  return decoded(answers as readonly (readonly unknown[] | null)[]);
};
