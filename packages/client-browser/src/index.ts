export type { Client, Gap, ReceivedMessage, ReceivedType, RequestOptions } from './client.ts';
export { ClientError, type ClientErrorCode } from './client-error.ts';
export { createClient } from './create-client.ts';
export type { BackoffOptions, ClientOptions } from './options.ts';
export type { FailureCode, Sent, SentState, Settled } from './sent.ts';
export type { SocketClass, SocketLike } from './socket-like.ts';
export type { ClientState, ClientStatus } from './status.ts';
