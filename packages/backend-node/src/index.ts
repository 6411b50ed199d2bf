/** The Node side of a backend behind WSBroker: typed handlers, commands, and a client of the command endpoint. */
export type { Answer } from './answer.ts';
export { BackendError, type BackendErrorCode, RejectEvent } from './backend-error.ts';
export { type Backend, createBackend, type IncomingEvent } from './backend.ts';
export { BrokerClientError } from './broker-client-error.ts';
export { type BrokerClient, type BrokerClientOptions, createBrokerClient } from './broker-client.ts';
export {
  isErrorResult,
  type ListPage,
  type ListResultOf,
  type ResultOf,
  type ResultsOf,
} from './command-result.ts';
export {
  close,
  type CloseCommand,
  type CloseOptions,
  type CloseOptionsOf,
  type CommandOf,
  custom,
  type CustomCommand,
  list,
  type ListCommand,
  type ListOptions,
  type ListOptionsOf,
  log,
  type LogCommand,
  reply,
  type ReplyCommand,
  send,
  type SendCommand,
  session,
  type SessionChange,
  type SessionChangeOf,
  type SessionCommand,
} from './command.ts';
export type {
  Context,
  ContextCommands,
  DirectContext,
  EventFacts,
  EventHeaders,
  RequestContext,
} from './context.ts';
export { type DedupeStore, EventBusy } from './dedupe-store.ts';
export type { FetchHandler } from './fetch-handler.ts';
export type {
  BackendHandlers,
  BackendOptions,
  HandlerResult,
  MessageHandlers,
  MessageOf,
  RequestHandlers,
  RequestResult,
  UnknownResult,
} from './handlers.ts';
export { memoryStore, type MemoryStoreOptions } from './memory-store.ts';
export type { NodeHandler } from './node-handler.ts';
export type { NotificationFields, RawBody } from './notification.ts';
export type { Secret } from './secrets.ts';
export type { ConnectionOf, CriteriaOf, ExplicitTargetOf, Target, TargetOf } from './target.ts';
