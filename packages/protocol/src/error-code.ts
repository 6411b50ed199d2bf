import * as z from 'zod';

/** Everything that can be wrong with what was sent, one list for commands, messages and bodies. */
export const errorCodeSchema = z.enum([
  /** The text is not JSON. */
  'not-json',
  /** JSON, but not of the expected shape; the message names the path. */
  'bad-shape',
  /** The body is not of a content type that is taken here. */
  'bad-content-type',
  /** A message of a client that is not an object, or has no usable type. */
  'bad-message',
  /** A built-in command with a missing or wrong field. */
  'bad-command',
  /** No built-in command, no `backendCommands` entry and no `onBackendMessage` takes this type. */
  'unknown-command',
  /** The command was understood, and threw while it ran. */
  'command-failed',
  /** A `session` command that would change `ip` or `wskey`. */
  'reserved-field',
  /** Without `match` the command means the connection that caused it, and there is none. */
  'no-connection',
  /** The peer may not send commands. */
  'forbidden',
  /** Not signed with the secret, or not at this time. */
  'bad-signature',
  /** Signed rightly, and taken before. */
  'replayed',
  /** Too much at once; later it will be taken. */
  'busy',
  /** Larger than the limit. */
  'too-large',
  /** A handler of the application threw. */
  'handler-failed',
  /** The backend refused the event, with a status that says never. */
  'refused',
  /** The broker gave the event up: too old, or it failed while others did not. */
  'not-delivered',
  /** The backend processed the request, and gave no `reply`. */
  'no-reply',
  /** A `reply` that answers no request. */
  'no-request',
]);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

/** What went wrong, in a form that a program (`code`) and a person (`message`) can read. */
export const wireErrorSchema = z.looseObject({ code: errorCodeSchema, message: z.string() });
export type WireError = z.infer<typeof wireErrorSchema>;

/** What stands in the place of a command's result when that command failed. */
export const errorResultSchema = z.looseObject({ error: wireErrorSchema });
export type ErrorResult = z.infer<typeof errorResultSchema>;

/** What a client is sent when its message cannot be taken. The connection stays open. */
export const brokerErrorMessageSchema = z.looseObject({
  type: z.literal('broker-error'),
  code: errorCodeSchema,
  text: z.string(),
});
export type BrokerErrorMessage = z.infer<typeof brokerErrorMessageSchema>;
