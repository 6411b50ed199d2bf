/** The words on the wire of WSBroker, once. */
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
} from './command-result.ts';
export {
  type AnyMessage,
  type ClientMessageOf,
  type ContractDefinition,
  defineContract,
  type MessageSchemas,
  type ReceivedMessageOf,
  type RequestSchemas,
  type ServerMessageOf,
  type SessionOf,
} from './contract.ts';
export { compileCriteria, type Criteria, criteriaSchema, type CriterionValue, matches } from './criteria.ts';
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
export { protocolVersion } from './version.ts';
