import type { ContractDefinition } from '@wsbroker/protocol';
import { BrokerClient } from './broker-client.ts';
import type { Client } from './client.ts';
import type { ClientOptions } from './options.ts';

/**
 * Makes a client, and connects it.
 *
 * The contract gives its types and nothing else; without one, messages of any type are sent and received.
 *
 * @throws {ClientError} `bad-option`, `bad-url`, `no-websocket`
 *
 * @example
 * const client = createClient<typeof contract>({ url: '/ws' });
 * client.on('said', (message) => console.log(message.text));
 * client.send({ type: 'say', text: 'hello' });
 */
export const createClient = <C extends ContractDefinition = ContractDefinition>(
  options: ClientOptions<C>,
): Client<C> => new BrokerClient(options) as Client<C>;
