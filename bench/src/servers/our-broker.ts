import { Broker, type BrokerOptions } from '@wsbroker/broker';

/** Starts this broker with its default options, and a backend in its own process that does nothing. Gives its port. */
export const ourBroker = async (options: Partial<BrokerOptions>): Promise<number> => {
  const broker = Broker({
    port: 0,
    host: '127.0.0.1',
    log: false,
    backend: { type: 'function', allow: ['127.0.0.1'], handle: () => [] },
    ...options,
  });
  await broker.ready;
  return broker.port;
};
