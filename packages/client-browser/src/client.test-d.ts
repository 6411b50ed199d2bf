import { defineContract } from '@wsbroker/protocol';
import type { AnyMessage, BrokerErrorMessage } from '@wsbroker/protocol';
import { expectTypeOf } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';
import * as z from 'zod';
import {
  type Client,
  ClientError,
  type ClientErrorCode,
  type ClientStatus,
  createClient,
  type Gap,
  type Sent,
  type SentState,
  type Settled,
} from './index.ts';
import { useClient, useMessage, useMessages, useSent, useStatus } from './react.ts';

const contract = defineContract({
  clientMessages: {
    say: z.object({ text: z.string() }),
    typing: z.object({ on: z.boolean().default(true) }),
  },
  serverMessages: {
    said: z.object({ who: z.string(), text: z.string() }),
    left: z.object({ who: z.string() }),
  },
});
const asking = defineContract({
  requests: {
    history: {
      request: z.object({ limit: z.number().default(50) }),
      reply: z.object({ lines: z.array(z.string()) }),
    },
    now: { request: z.object({}), reply: z.object({ ms: z.number() }) },
  },
});
type Said = { type: 'said' } & { who: string; text: string };
type Left = { type: 'left' } & { who: string };

const client = createClient<typeof contract>({ url: '/ws' });

// Sending: the types of the contract and no others.
client.send({ type: 'say', text: 'hi' });
client.send({ type: 'typing' });
// @ts-expect-error a type that the contract does not have
client.send({ type: 'shout', text: 'hi' });
// @ts-expect-error a field is missing
client.send({ type: 'say' });
// @ts-expect-error a field has the wrong type
client.send({ type: 'say', text: 1 });
// @ts-expect-error what the server sends is not what a client sends
client.send({ type: 'said', who: 'me', text: 'hi' });

// What was sent.
const sent = client.send({ type: 'say', text: 'hi' });
expectTypeOf(sent).toEqualTypeOf<Sent>();
expectTypeOf(sent.state).toEqualTypeOf<SentState>();
void sent.settled.then((settled) => {
  expectTypeOf(settled).toEqualTypeOf<Settled>();
  if (settled.outcome === 'failed') expectTypeOf(settled.text).toEqualTypeOf<string>();
  // @ts-expect-error only a failure has a text
  else void settled.text;
});
// @ts-expect-error read-only
sent.state = 'delivered';
expectTypeOf(sent.subscribe((state) => expectTypeOf(state).toEqualTypeOf<SentState>())).toEqualTypeOf<
  () => void
>();

// Requests: each type its own reply.
const asker = createClient<typeof asking>({ url: '/ws' });
const ask = async (): Promise<void> => {
  expectTypeOf(await asker.request({ type: 'history', limit: 5 })).toEqualTypeOf<{ lines: string[] }>();
  expectTypeOf(await asker.request({ type: 'history' })).toEqualTypeOf<{ lines: string[] }>();
  expectTypeOf(
    await asker.request({ type: 'now' }, { timeoutMs: 1, signal: new AbortController().signal }),
  ).toEqualTypeOf<{ ms: number }>();
  // @ts-expect-error a request that the contract does not have
  await asker.request({ type: 'later' });
  // @ts-expect-error a field has the wrong type
  await asker.request({ type: 'history', limit: 'all' });
  // @ts-expect-error a field that the contract does not have
  await asker.request({ type: 'history', most: 5 });
  expectTypeOf(await client.request({ type: 'anything', at: 1 })).toEqualTypeOf<unknown>();
};
expectTypeOf(ask).toBeFunction();

// Gaps.
expectTypeOf(client.onGap((gap) => expectTypeOf(gap).toEqualTypeOf<Gap>())).toEqualTypeOf<() => void>();

// Receiving: each type its own message.
client.on('said', (message) => expectTypeOf(message).toEqualTypeOf<Said>());
client.on('left', (message) => expectTypeOf(message).toEqualTypeOf<Left>());
client.on('broker-error', (message) => expectTypeOf(message).toEqualTypeOf<BrokerErrorMessage>());
client.on('*', (message) => {
  expectTypeOf(message).toEqualTypeOf<Said | Left | BrokerErrorMessage>();
  if (message.type === 'said') expectTypeOf(message.text).toEqualTypeOf<string>();
});
// @ts-expect-error a type that the contract does not have
client.on('say', () => undefined);
expectTypeOf(client.on('left', () => undefined)).toEqualTypeOf<() => void>();
const either: 'said' | 'left' = Math.random() > 0.5 ? 'said' : 'left';
client.on<'said' | 'left'>(either, (message) => expectTypeOf(message).toEqualTypeOf<Said | Left>());

expectTypeOf(client.messages()).toEqualTypeOf<
  AsyncIterableIterator<Said | Left | BrokerErrorMessage, undefined>
>();
expectTypeOf(client.messages('left')).toEqualTypeOf<AsyncIterableIterator<Left, undefined>>();

// Status: to be read, never written.
expectTypeOf(client.status).toEqualTypeOf<ClientStatus>();
// @ts-expect-error read-only
client.status.state = 'open';
expectTypeOf(client.status.retryAtMs).toEqualTypeOf<number | undefined>();
expectTypeOf<ClientStatus['state']>().toEqualTypeOf<
  'idle' | 'connecting' | 'open' | 'waiting' | 'offline' | 'suspended' | 'closed'
>();

// Options.
createClient<typeof contract>({ url: '/ws', firstMessages: () => [{ type: 'say', text: 'hi' }] });
// @ts-expect-error not of the contract
createClient<typeof contract>({ url: '/ws', firstMessages: () => [{ type: 'shout' }] });
createClient({ url: new URL('ws://a.example') });
createClient({ url: async () => await Promise.resolve('/ws') });
createClient({ url: '/ws', WebSocket, backoff: { minMs: 1 } });
createClient({ url: '/ws', WebSocket: WsWebSocket, protocol: 'plain', heartbeatTimeoutMs: 1 });
// @ts-expect-error no protocol of ours
createClient({ url: '/ws', protocol: 'v2' });
createClient({ url: '/ws', connectTimeoutMs: undefined, backoff: undefined, WebSocket: undefined });
// @ts-expect-error url is needed
createClient({});

// Without a contract: any message.
const open = createClient({ url: '/ws' });
expectTypeOf(open).toEqualTypeOf<Client>();
open.send({ type: 'anything', at: 1 });
// @ts-expect-error a message has a type
open.send({ at: 1 });
open.on('anything', (message) => expectTypeOf(message).toEqualTypeOf<AnyMessage>());
open.on('broker-error', (message) => expectTypeOf(message).toEqualTypeOf<BrokerErrorMessage>());
open.on('*', (message) => expectTypeOf(message).toEqualTypeOf<AnyMessage | BrokerErrorMessage>());

// A contract that leaves one side open.
const half = defineContract({ serverMessages: { said: z.object({ text: z.string() }) } });
const halfClient = createClient<typeof half>({ url: '/ws' });
halfClient.send({ type: 'anything' });
// @ts-expect-error this side is not open
halfClient.on('anything', () => undefined);

// `using`.
const dispose = (): void => {
  using scoped = createClient({ url: '/ws' });
  expectTypeOf(scoped).toExtend<Disposable>();
};
expectTypeOf(dispose).toBeFunction();

// Errors.
const error: unknown = undefined;
if (error instanceof ClientError) expectTypeOf(error.code).toEqualTypeOf<ClientErrorCode>();

// Hooks: the contract comes with the client.
export const Component = (): null => {
  const own = useClient<typeof contract>({ url: '/ws' });
  expectTypeOf(own).toEqualTypeOf<Client<typeof contract>>();
  expectTypeOf(useStatus(own)).toEqualTypeOf<ClientStatus>();
  expectTypeOf(useStatus(open)).toEqualTypeOf<ClientStatus>();
  expectTypeOf(useStatus(own, ({ state }) => state)).toEqualTypeOf<ClientStatus['state']>();
  expectTypeOf(useSent(own.send({ type: 'typing' }))).toEqualTypeOf<SentState | undefined>();
  expectTypeOf(useSent(undefined)).toEqualTypeOf<SentState | undefined>();
  useMessage(own, 'said', (message) => expectTypeOf(message).toEqualTypeOf<Said>());
  // @ts-expect-error a type that the contract does not have
  useMessage(own, 'say', () => undefined);
  useMessage(open, 'anything', (message) => expectTypeOf(message).toEqualTypeOf<AnyMessage>());
  expectTypeOf(useMessages(own, 'left')).toEqualTypeOf<readonly Left[]>();
  expectTypeOf(useMessages(own, '*', { limit: 5 })).toEqualTypeOf<
    readonly (Said | Left | BrokerErrorMessage)[]
  >();
  // @ts-expect-error a hook connects by itself
  useClient({ url: '/ws', autoConnect: true });
  return null;
};
