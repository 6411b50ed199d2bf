/** What a user writes on the first day, in each way that packages are loaded. Nothing here runs in this repository. */

const use = `
const broker = Broker({ port: 0, host: '127.0.0.1' });
await broker.ready;
const message = matches({ room: '42' }, { room: '42' }) && send({ type: 'said' });
const client = createClient({ url: 'ws://127.0.0.1:' + broker.port, WebSocket: class {}, autoConnect: false });
if (typeof useClient !== 'function') throw new Error('the react entry is empty');
if (!sign([readSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')], { id: 'a', timestampSeconds: 0, body: '' }).startsWith('v1,')) throw new Error('no signature');
client.close();
await broker.close();
console.log('used', message.type);
`;

export const esm = `
import { Broker } from '@wsbroker/broker';
import { createClient } from '@wsbroker/client-browser';
import { useClient } from '@wsbroker/client-browser/react';
import { send } from '@wsbroker/backend-node';
import { matches } from '@wsbroker/protocol';
import { readSecret, sign } from '@wsbroker/protocol/signature';
${use}`;

export const cjs = `
const { Broker } = require('@wsbroker/broker');
const { createClient } = require('@wsbroker/client-browser');
const { useClient } = require('@wsbroker/client-browser/react');
const { send } = require('@wsbroker/backend-node');
const { matches } = require('@wsbroker/protocol');
const { readSecret, sign } = require('@wsbroker/protocol/signature');
(async () => {${use}})();
`;

export const typescript = `
import { createServer } from 'node:http';

import { createBackend, createBrokerClient } from '@wsbroker/backend-node';
import { Broker, type BrokerOptions, type Connection } from '@wsbroker/broker';
import { createClient, type ClientStatus } from '@wsbroker/client-browser';
import { useStatus } from '@wsbroker/client-browser/react';
import { defineContract, matches, type SessionInfo } from '@wsbroker/protocol';
import { readSecret, type SignatureVerdict, verify } from '@wsbroker/protocol/signature';
import * as z from 'zod';

const contract = defineContract({
  clientMessages: { say: z.object({ type: z.literal('say'), text: z.string() }) },
  serverMessages: { said: z.object({ type: z.literal('said'), text: z.string() }) },
});

const options: BrokerOptions = {
  server: createServer(),
  onClientConnect: (connection: Connection) => connection.sessionInfo.wskey,
};
export const start = (): Broker => Broker(options);
export const upgrades = (broker: Broker): number => broker.websocketServer.clients.size;
export const verdict = (secret: string, body: Uint8Array): SignatureVerdict =>
  verify([readSecret(secret)], { id: 'a', timestamp: '0', signature: 'v1,', body }, Date.now() / 1000);
export const isInRoom = (info: SessionInfo): boolean => matches({ room: '42' }, info);

const client = createClient<typeof contract>({ url: 'wss://example.org' });
client.on('said', ({ text }) => text.toUpperCase());
client.send({ type: 'say', text: 'hello' });
// @ts-expect-error The contract knows no such message.
client.send({ type: 'sing', text: 'hello' });
export const useState = (): ClientStatus['state'] => useStatus(client).state;

export const backend = createBackend(contract, {
  secret: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  messages: { say: (context, { text }) => context.send({ type: 'said', text }) },
});
export const broker = createBrokerClient({ url: 'http://127.0.0.1:31002/' });
`;
