/** The words on the wire of WSBroker, once. */
export {
  type Batch,
  batchBody,
  type BatchEvent,
  batchEventSchema,
  batchHeader,
  batchSchema,
  decodeBatch,
  decodeBatchAnswer,
  type EncodedBatchEvent,
  maxBatchEvents,
} from './batch.ts';
export {
  type Body,
  type BodyEncoding,
  contentTypes,
  decodeCommandBody,
  decodeCommandList,
  decodeCommands,
  decodeNotification,
  encodeCommands,
  encodeNotification,
  encodingOf,
  isEvent,
  type Notification,
  notificationBody,
  notificationSchema,
} from './body.ts';
export { type CloseCodeName, closeCodes, mayReconnect } from './close-code.ts';
export {
  type BuiltInCommand,
  builtInCommandSchema,
  type BuiltInCommandType,
  type CloseCommand,
  closeCommandSchema,
  type Command,
  type CommandList,
  commandListSchema,
  commandSchema,
  type ListCommand,
  listCommandSchema,
  type LogCommand,
  logCommandSchema,
  type ReplyCommand,
  replyCommandSchema,
  type SendCommand,
  sendCommandSchema,
  type SessionCommand,
  sessionCommandSchema,
} from './command.ts';
export {
  commandResultListSchema,
  commandResultSchemas,
  type ListCountResult,
  listCountResultSchema,
  type ListPageResult,
  listPageResultSchema,
  type ListResult,
  listResultSchema,
  logResultSchema,
  type MatchedResult,
  matchedResultSchema,
  replyResultSchema,
} from './command-result.ts';
export {
  type AnyMessage,
  type ClientMessageOf,
  type ContractDefinition,
  defineContract,
  type MessageSchemas,
  type ReceivedMessageOf,
  type ReceivedRequestOf,
  type ReplyOf,
  type RequestOf,
  type RequestSchemas,
  type RequestTypeOf,
  type ServerMessageOf,
  type SessionOf,
} from './contract.ts';
export {
  compileCriteria,
  type Criteria,
  criteriaSchema,
  type CriterionValue,
  foldCriteria,
  type FoldedCriteria,
  foldedValue,
  matches,
  matchesFolded,
} from './criteria.ts';
export { check, type Decoded, type DecodeError, type DecodeIssue, parseJson } from './decoded.ts';
export {
  type BrokerErrorMessage,
  brokerErrorMessageSchema,
  type ErrorCode,
  errorCodeSchema,
  type ErrorResult,
  errorResultSchema,
  type WireError,
  wireErrorSchema,
} from './error-code.ts';
export {
  type ClientEvent,
  clientEventSchema,
  clientEventType,
  type ConnectEvent,
  connectEventSchema,
  type DisconnectEvent,
  disconnectEventSchema,
  type Event,
  eventSchema,
} from './event.ts';
export {
  ackDownFrameSchema,
  byeFrameSchema,
  deliveredFrameSchema,
  type DownFrame,
  downFrameSchema,
  failedFrameSchema,
  type Opened,
  type OpenedFrame,
  openedFrameSchema,
  pingDownFrameSchema,
  pongDownFrameSchema,
  replyFrameSchema,
  type StatusFrame,
  statusFrameSchema,
} from './frame-down.ts';
export {
  type AckFrame,
  ackUpFrameSchema,
  type OpenFrame,
  openFrameSchema,
  type PingFrame,
  pingFrameSchema,
  type PongFrame,
  pongFrameSchema,
  type RequestFrame,
  requestFrameSchema,
  requestIdSchema,
  type UpFrame,
  upFrameSchema,
} from './frame-up.ts';
export { JsonText } from './json-text.ts';
export { isJsonObject, type Json, type JsonObject } from './json.ts';
export {
  type ClientMessage,
  clientMessageSchema,
  type Message,
  messageSchema,
  messageTypeSchema,
} from './message.ts';
export { messageTypePattern } from './message-type.ts';
export { reservedSessionFields, type SessionInfo, sessionInfoSchema } from './session-info.ts';
export { subprotocol } from './subprotocol.ts';
export { protocolVersion } from './version.ts';
