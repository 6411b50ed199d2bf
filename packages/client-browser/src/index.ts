export type { Client, ReceivedMessage, ReceivedType } from './client.ts';
export { ClientError, type ClientErrorCode } from './client-error.ts';
export { createClient } from './create-client.ts';
export type { BackoffOptions, ClientOptions } from './options.ts';
export type { SocketClass, SocketLike } from './socket-like.ts';
export type { ClientState, ClientStatus } from './status.ts';
