import type { Broker as BrokerApi, BrokerOptions } from './api.ts';
import { RunningBroker } from './running-broker.ts';

/** With or without `new`: existing code writes `new require('wsbroker').Broker({…})`, which is a call. */
interface BrokerConstructor {
  new (options: BrokerOptions): BrokerApi;
  (options: BrokerOptions): BrokerApi;
  readonly prototype: BrokerApi;
}

/**
 * Starts a WebSocket broker.
 *
 * @example
 * const broker = Broker({
 *   port: 31002,
 *   log: true,
 *   backend: { type: 'http', url: 'http://localhost/mybackend/', allow: ['127.0.0.1'] },
 * });
 * await broker.ready;
 * @throws BrokerError `bad-option`, naming the option and what is expected; `tls-failed`, naming the file.
 */
const createBroker = function (options: BrokerOptions): BrokerApi {
  return new RunningBroker(options);
} as unknown as BrokerConstructor;
// `instanceof Broker` holds for what either form gives.
Object.defineProperty(createBroker, 'prototype', { value: RunningBroker.prototype });

export interface Broker extends BrokerApi {}
export const Broker: BrokerConstructor = createBroker;
