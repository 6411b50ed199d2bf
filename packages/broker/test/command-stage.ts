import { brokerStarter, connectRaw, postCommands, startFakeBackend } from '@wsbroker/testkit';
import { expect } from 'vitest';
import { Broker, type BrokerOptions } from '../src/index.ts';

const startBroker = brokerStarter(Broker);

/** A backend that answers each `do` of a client with the commands in it, and a broker that takes them by POST too. */
export const startCommandStage = async (options: BrokerOptions = {}) => {
  const backend = await startFakeBackend(({ message }) =>
    message.type === 'client-do' ? (message['commands'] as unknown[]) : [],
  );
  const broker = await startBroker({ backend: { url: backend.url, allow: ['127.0.0.1'] }, ...options });
  return {
    backend,
    broker,
    connect: (cookie = '') => connectRaw(broker.url, { headers: { cookie } }),
    post: async (commands: readonly unknown[]) => {
      const { status, body } = await postCommands(broker.httpUrl, commands);
      expect(status).toBe(200);
      return body as unknown[];
    },
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await backend.stop();
    },
  };
};
