import * as z from 'zod';
import { batchSchema } from '../src/batch.ts';
import { notificationSchema } from '../src/body.ts';
import { commandResultListSchema, commandResultSchemas } from '../src/command-result.ts';
import {
  closeCommandSchema,
  commandListSchema,
  commandSchema,
  listCommandSchema,
  logCommandSchema,
  replyCommandSchema,
  sendCommandSchema,
  sessionCommandSchema,
} from '../src/command.ts';
import { criteriaSchema } from '../src/criteria.ts';
import { brokerErrorMessageSchema, errorResultSchema } from '../src/error-code.ts';
import { eventSchema } from '../src/event.ts';
import { downFrameSchema } from '../src/frame-down.ts';
import { upFrameSchema } from '../src/frame-up.ts';
import { clientMessageSchema, messageSchema } from '../src/message.ts';
import { sessionInfoSchema } from '../src/session-info.ts';
import { protocolVersion } from '../src/version.ts';

interface Source {
  readonly title: string;
  readonly description: string;
  readonly schema: z.ZodType;
}

const sources: Readonly<Record<string, Source>> = {
  message: {
    title: 'Message',
    description: 'Application JSON between browser and backend: an object with a string type.',
    schema: messageSchema,
  },
  'client-message': {
    title: 'Client message',
    description: 'What a client may send. Without a type it counts as "message".',
    schema: clientMessageSchema,
  },
  event: {
    title: 'Event',
    description: 'What the broker POSTs to the backend as message.',
    schema: eventSchema,
  },
  'session-info': {
    title: 'Session info',
    description: 'What the broker and the backend know of a connection.',
    schema: sessionInfoSchema,
  },
  criteria: {
    title: 'Criteria',
    description: 'The match or except of a command, compared with the sessionInfo of connections.',
    schema: criteriaSchema,
  },
  notification: {
    title: 'Notification',
    description: 'The body of the POST to the backend: a JSON body, or the two form fields parsed.',
    schema: notificationSchema,
  },
  batch: {
    title: 'Batch',
    description: 'The body of a POST with several events: a JSON body, or the form field events parsed.',
    schema: batchSchema,
  },
  command: {
    title: 'Command',
    description: 'Any command: built-in, or one of the application’s own.',
    schema: commandSchema,
  },
  'command-list': {
    title: 'List of commands',
    description: 'The answer to an event, and the data of a command POST: always a list, even of one.',
    schema: commandListSchema,
  },
  'close-command': {
    title: 'The command close',
    description: 'Closes connections. reason has at most 123 bytes of UTF-8.',
    schema: closeCommandSchema,
  },
  'list-command': {
    title: 'The command list',
    description: 'Asks for the sessionInfo of connections.',
    schema: listCommandSchema,
  },
  'log-command': {
    title: 'The command log',
    description: 'Writes text to the log of the broker.',
    schema: logCommandSchema,
  },
  'reply-command': {
    title: 'The command reply',
    description: 'Answers the request that caused the event.',
    schema: replyCommandSchema,
  },
  'send-command': {
    title: 'The command send',
    description: 'Sends message to connections.',
    schema: sendCommandSchema,
  },
  'session-command': {
    title: 'The command session',
    description: 'Changes the sessionInfo of connections: first data, then remove, then add.',
    schema: sessionCommandSchema,
  },
  'close-result': {
    title: 'Result of the command close',
    description: 'How many connections were closed, or an error.',
    schema: commandResultSchemas.close,
  },
  'list-result': {
    title: 'Result of the command list',
    description: 'A list of sessionInfo, a page of them, or their count; or an error.',
    schema: commandResultSchemas.list,
  },
  'log-result': {
    title: 'Result of the command log',
    description: 'null, or an error.',
    schema: commandResultSchemas.log,
  },
  'reply-result': {
    title: 'Result of the command reply',
    description: 'null, or an error.',
    schema: commandResultSchemas.reply,
  },
  'send-result': {
    title: 'Result of the command send',
    description: 'How many connections the message was sent to, or an error.',
    schema: commandResultSchemas.send,
  },
  'session-result': {
    title: 'Result of the command session',
    description: 'How many connections were changed, or an error.',
    schema: commandResultSchemas.session,
  },
  'command-result-list': {
    title: 'List of results',
    description: 'The answer to a command POST: one result a command, in order.',
    schema: commandResultListSchema,
  },
  'error-result': {
    title: 'Error result',
    description:
      'Stands in the place of a result when the command failed; the body of a refused command POST.',
    schema: errorResultSchema,
  },
  'broker-error-message': {
    title: 'Broker error message',
    description: 'What a client is sent when its message cannot be taken, or never will be processed.',
    schema: brokerErrorMessageSchema,
  },
  'up-frame': {
    title: 'Frame of a client',
    description: 'What a client sends on wsbroker.v1 beside messages; anything else closes its socket.',
    schema: upFrameSchema,
  },
  'down-frame': {
    title: 'Frame of the broker',
    description:
      'What the broker sends on wsbroker.v1 beside messages; a client ignores what it does not know.',
    schema: downFrameSchema,
  },
};

/**
 * The JSON Schema files (draft 2020-12) for other languages: file name to content.
 * Each stands alone, so that a validator needs one file and no resolver.
 */
export const jsonSchemaFiles = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(sources).map(([name, { title, description, schema }]) => {
      const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12', reused: 'inline' });
      const $id = `urn:wsbroker:protocol:${protocolVersion}:${name}`;
      return [`${name}.json`, `${JSON.stringify({ $schema, $id, title, description, ...body }, null, 2)}\n`];
    }),
  );
