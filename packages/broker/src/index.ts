/** A WebSocket broker between browsers and any HTTP backend. */
export type { BrokerOptions, CommandHandler, Connection, Handlers } from './api.ts';
export { Broker } from './broker.ts';
export { BrokerError, type BrokerErrorCode } from './ops/broker-error.ts';
export type { LogLevel } from './ops/log-line.ts';
export { createJsonLogger, createTextLogger, type Log, type Logger } from './ops/logger.ts';
export type { EventFacts, FunctionBackendOptions, HttpBackendOptions } from './options.ts';
export type { Command, CommandList, Criteria, SessionInfo } from '@wsbroker/protocol';
