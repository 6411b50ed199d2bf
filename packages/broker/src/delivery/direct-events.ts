import { isJsonObject, JsonText } from '@wsbroker/protocol';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { BrokerError } from '../ops/broker-error.ts';
import type { Log } from '../ops/logger.ts';
import type { Delivery } from './delivery.ts';
import type { EventQueue } from './event-queue.ts';

/** Messages to the backend that no client caused: those of `sendBackendMessage`. */
export class DirectEvents {
  readonly #delivery: Delivery;
  readonly #log: Log;
  readonly #queue: EventQueue;
  /** Of this process alone: a backend that remembers ids must not take another broker's messages for repeats. */
  readonly #key = `direct-${randomBytes(16).toString('base64url')}`;
  #count = 0;

  constructor(delivery: Delivery, log: Log) {
    this.#delivery = delivery;
    this.#log = log;
    this.#queue = delivery.open({ sessionText: new JsonText('{"type":"direct"}') });
  }

  /**
   * @param whenDone Gets the answer instead of its commands being run.
   * @throws BrokerError `closed`, `queue-full`
   */
  send(
    message: { type: string; [field: string]: unknown },
    whenDone: ((answer: unknown) => unknown) | undefined,
  ): void {
    this.#check(message);
    this.#log.debug({ message }, '↑ to backend');
    this.#count += 1;
    const json = JSON.stringify(message);
    this.#queue.push({ id: `${this.#key}-${this.#count}`, type: message.type, json, whenDone }, json.length);
  }

  #check(message: unknown): void {
    if (!isJsonObject(message)) {
      throw new TypeError(
        `sendBackendMessage: the message is ${inspect(message, { depth: 0 })}: expected an object, such as { type: 'hello' }`,
      );
    }
    if (this.#delivery.isStopped) {
      throw new BrokerError('closed', 'sendBackendMessage: the broker is closed');
    }
    // Nobody pushes back on the application: without a bound, an outage would fill the heap.
    if (this.#delivery.isFull) {
      throw new BrokerError(
        'queue-full',
        'sendBackendMessage: as much as `maxTotalQueuedBytes` allows waits for the backend already: send again when it is back',
      );
    }
  }
}
