import { expectTypeOf } from 'vitest';
import {
  type BuiltInCommand,
  type BuiltInCommandType,
  check,
  type ClientEvent,
  clientEventType,
  type CloseCodeName,
  closeCodes,
  type Command,
  type CommandList,
  type Criteria,
  type DownFrame,
  decodeCommandBody,
  decodeCommands,
  type Decoded,
  decodeNotification,
  type ErrorCode,
  type Event,
  isEvent,
  isJsonObject,
  type JsonObject,
  type Message,
  messageSchema,
  type Notification,
  type Opened,
  type ReplyCommand,
  type RequestFrame,
  type SendCommand,
  type SessionInfo,
  type subprotocol,
  type UpFrame,
} from './index.ts';

expectTypeOf<BuiltInCommandType>().toEqualTypeOf<'close' | 'list' | 'log' | 'reply' | 'send' | 'session'>();
expectTypeOf<Extract<BuiltInCommand, { type: 'send' }>>().toEqualTypeOf<SendCommand>();
expectTypeOf<Extract<BuiltInCommand, { type: 'reply' }>>().toEqualTypeOf<ReplyCommand>();
expectTypeOf<BuiltInCommand>().toExtend<Command>();
expectTypeOf<BuiltInCommand[]>().toExtend<CommandList>();

expectTypeOf(decodeNotification).returns.toEqualTypeOf<Decoded<Notification>>();
expectTypeOf(decodeCommands).returns.toEqualTypeOf<Decoded<CommandList>>();
expectTypeOf(decodeCommandBody).returns.toEqualTypeOf<Decoded<unknown[]>>();
expectTypeOf(check(messageSchema, {}, 'x')).toEqualTypeOf<Decoded<Message>>();

expectTypeOf<Event['type']>().toEqualTypeOf<'session-connect' | 'session-disconnect' | `client-${string}`>();
expectTypeOf(clientEventType('x')).toEqualTypeOf<ClientEvent['type']>();
expectTypeOf(isEvent).guards.toEqualTypeOf<Event>();
expectTypeOf(isJsonObject).guards.toEqualTypeOf<JsonObject>();

expectTypeOf<SessionInfo>().toExtend<{ ip: string; wskey: string; [field: string]: unknown }>();
expectTypeOf<ErrorCode>().toExtend<string>();
expectTypeOf<CloseCodeName>().toEqualTypeOf<keyof typeof closeCodes>();
expectTypeOf(closeCodes.normal).toEqualTypeOf<1000>();

expectTypeOf<typeof subprotocol>().toEqualTypeOf<'wsbroker.v1'>();
expectTypeOf<UpFrame[0]>().toEqualTypeOf<'open' | 'ack' | 'request' | 'ping' | 'pong'>();
expectTypeOf<DownFrame[0]>().toEqualTypeOf<
  'opened' | 'ack' | 'delivered' | 'failed' | 'reply' | 'status' | 'bye' | 'ping' | 'pong'
>();
expectTypeOf<RequestFrame[1]>().toEqualTypeOf<number>();
expectTypeOf<Extract<DownFrame, readonly ['failed', ...unknown[]]>[2]>().toEqualTypeOf<ErrorCode>();
expectTypeOf<Opened['received']>().toEqualTypeOf<number>();
['ack', 1] satisfies UpFrame;
// @ts-expect-error Frames of a client are strict.
['ack', 1, 2] satisfies UpFrame;

({ room: 'a', open: true, n: 1, nothing: null, rooms: ['a', 1] }) satisfies Criteria;
// @ts-expect-error An object is no value to compare with.
({ room: { deep: 1 } }) satisfies Criteria;
// @ts-expect-error A message is missing.
({ type: 'send' }) satisfies SendCommand;
// @ts-expect-error A misspelt code would never be met.
const misspelt: ErrorCode = 'bad-comand';
void misspelt;
