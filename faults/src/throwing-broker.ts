/** A broker whose application fails in every handler, as a process of its own. */
import { readFileSync } from 'node:fs';
import { Broker, type BrokerOptions } from '@wsbroker/broker';

const [, configFile = ''] = process.argv.slice(2);
const options = JSON.parse(readFileSync(configFile, 'utf8')) as BrokerOptions;

const fail = (how: unknown): boolean | Promise<boolean> => {
  if (how === 'throw') throw new Error('thrown on purpose');
  if (how === 'reject') return Promise.reject(new Error('rejected on purpose'));
  if (how === 'text') {
    // oxlint-disable-next-line typescript/only-throw-error
    throw 'a text, thrown on purpose';
  }
  return true;
};

const broker = Broker({
  ...options,
  onClientMessage: ({ how }) => fail(how),
  onClientDisconnect: () => void fail('throw'),
  onBackendMessage: () => void fail('throw'),
  backendCommands: { fail: () => fail('reject') },
});
await broker.ready;
