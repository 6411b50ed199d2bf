/** A broker as a process of its own, which tells what became of it. Started with an IPC channel and its options as JSON. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import type { BrokerFacts } from './broker-process.ts';

const ownNames = (): string => Object.getOwnPropertyNames(Object.prototype).toSorted().join();

const namesBefore = ownNames();
let unhandledRejections = 0;
let firstRejection = '';

process.on('unhandledRejection', (reason) => {
  unhandledRejections += 1;
  firstRejection ||= String((reason as Error | undefined)?.stack ?? reason);
});

const heldBytes = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const options = JSON.parse(process.argv[2] ?? '{}') as BrokerOptions;
const broker = Broker(options);
await broker.ready;

process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  const facts: BrokerFacts = {
    heldBytes: heldBytes(),
    unhandledRejections,
    firstRejection,
    isPolluted: ownNames() !== namesBefore || 'polluted' in {},
  };
  process.send?.(facts);
});
process.send?.({ port: broker.port });
