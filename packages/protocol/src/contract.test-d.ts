import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import * as z from 'zod';
import {
  type AnyMessage,
  type ClientMessageOf,
  type ContractDefinition,
  defineContract,
  type ReceivedMessageOf,
  type ReceivedRequestOf,
  type ReplyOf,
  type RequestOf,
  type RequestTypeOf,
  type ServerMessageOf,
  type SessionOf,
} from './contract.ts';

// With zod: what a client sends is the input of its schemas, what the backend gets is their output.
const withZod = defineContract({
  clientMessages: {
    say: z.object({ text: z.string(), loud: z.boolean().default(false) }),
    move: z.object({ x: z.number(), y: z.number() }),
    leave: z.object({}),
  },
  serverMessages: {
    said: z.object({ who: z.string(), at: z.string().transform(Number) }),
    bye: z.object({}),
  },
  requests: {
    history: {
      request: z.object({ last: z.int().default(10) }),
      reply: z.object({ lines: z.array(z.string()), at: z.string().transform(Number) }),
    },
    roll: { request: z.object({}), reply: z.object({ dots: z.int() }) },
  },
  session: z.object({ name: z.string(), visits: z.string().transform(Number) }),
});
type WithZod = typeof withZod;

expectTypeOf<ClientMessageOf<WithZod>['type']>().toEqualTypeOf<'say' | 'move' | 'leave'>();
expectTypeOf<Extract<ClientMessageOf<WithZod>, { type: 'say' }>>().toExtend<{
  type: 'say';
  text: string;
  loud?: boolean | undefined;
}>();
expectTypeOf<Extract<ReceivedMessageOf<WithZod>, { type: 'say' }>>().toExtend<{ loud: boolean }>();
expectTypeOf<{ type: 'leave' }>().toExtend<ClientMessageOf<WithZod>>();
expectTypeOf<Extract<ServerMessageOf<WithZod>, { type: 'said' }>>().toExtend<{
  who: string;
  at: string;
}>();
expectTypeOf<SessionOf<WithZod>>().toEqualTypeOf<{ name: string; visits: number }>();

// A request: the client gives the input, the backend's handler gets the output, and answers with the reply's input.
expectTypeOf<RequestTypeOf<WithZod>>().toEqualTypeOf<'history' | 'roll'>();
expectTypeOf<RequestOf<WithZod, 'history'>>().toExtend<{ type: 'history'; last?: number | undefined }>();
expectTypeOf<{ type: 'history' }>().toExtend<RequestOf<WithZod, 'history'>>();
expectTypeOf<ReceivedRequestOf<WithZod, 'history'>>().toExtend<{ type: 'history'; last: number }>();
expectTypeOf<RequestOf<WithZod>['type']>().toEqualTypeOf<'history' | 'roll'>();
expectTypeOf<{ type: 'roll' }>().toExtend<RequestOf<WithZod, 'roll'>>();
expectTypeOf<ReplyOf<WithZod, 'history'>>().toEqualTypeOf<{ lines: string[]; at: string }>();
expectTypeOf<ReplyOf<WithZod, 'roll'>>().toEqualTypeOf<{ dots: number }>();
// @ts-expect-error A field of another type.
({ type: 'history', last: 'ten' }) satisfies RequestOf<WithZod, 'history'>;
// @ts-expect-error A type that the contract does not have.
({ type: 'past' }) satisfies RequestOf<WithZod>;
// @ts-expect-error A message is no request.
({ type: 'say', text: 'x' }) satisfies RequestOf<WithZod>;

const messages: ClientMessageOf<WithZod>[] = [
  { type: 'say', text: 'hello' },
  { type: 'move', x: 1, y: 2 },
  { type: 'leave' },
];
void messages;
// @ts-expect-error A type that the contract does not have.
({ type: 'shout', text: 'x' }) satisfies ClientMessageOf<WithZod>;
// @ts-expect-error A field is missing.
({ type: 'say' }) satisfies ClientMessageOf<WithZod>;
// @ts-expect-error A field of another type.
({ type: 'move', x: '1', y: 2 }) satisfies ClientMessageOf<WithZod>;
// @ts-expect-error A server's message is no client's.
({ type: 'said', who: 'x', at: '1' }) satisfies ClientMessageOf<WithZod>;

// The type tells the fields.
const narrowed = (message: ReceivedMessageOf<WithZod>): string | number => {
  if (message.type === 'say') return message.text;
  return message.type === 'move' ? message.x : 0;
};
void narrowed;

// With valibot.
const withValibot = defineContract({
  clientMessages: { say: v.object({ text: v.string(), loud: v.optional(v.boolean(), false) }) },
  serverMessages: { said: v.object({ who: v.string() }) },
  session: v.object({ name: v.string() }),
});
type WithValibot = typeof withValibot;

expectTypeOf<ClientMessageOf<WithValibot>['type']>().toEqualTypeOf<'say'>();
expectTypeOf<{ type: 'say'; text: string }>().toExtend<ClientMessageOf<WithValibot>>();
expectTypeOf<ReceivedMessageOf<WithValibot>>().toExtend<{ type: 'say'; text: string; loud: boolean }>();
expectTypeOf<ServerMessageOf<WithValibot>>().toExtend<{ type: 'said'; who: string }>();
expectTypeOf<SessionOf<WithValibot>>().toEqualTypeOf<{ name: string }>();

// Two libraries in one contract.
const mixed = defineContract({
  clientMessages: { a: z.object({ x: z.string() }), b: v.object({ y: v.number() }) },
});
expectTypeOf<ClientMessageOf<typeof mixed>['type']>().toEqualTypeOf<'a' | 'b'>();

// A side that is left out is open.
const open = defineContract({});
expectTypeOf<ClientMessageOf<typeof open>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<ReceivedMessageOf<typeof open>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<ServerMessageOf<typeof open>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<RequestTypeOf<typeof open>>().toEqualTypeOf<string>();
expectTypeOf<RequestOf<typeof open>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<ReceivedRequestOf<typeof open, 'any'>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<ReplyOf<typeof open, 'any'>>().toEqualTypeOf<unknown>();
expectTypeOf<RequestTypeOf<ContractDefinition>>().toEqualTypeOf<string>();
expectTypeOf<SessionOf<typeof open>>().toEqualTypeOf<Record<string, unknown>>();
expectTypeOf<ClientMessageOf<ContractDefinition>>().toEqualTypeOf<AnyMessage>();
expectTypeOf<WithZod>().toExtend<ContractDefinition>();
expectTypeOf<WithValibot>().toExtend<ContractDefinition>();

// @ts-expect-error A message is an object.
defineContract({ clientMessages: { say: z.string() } });
// @ts-expect-error No validator.
defineContract({ clientMessages: { say: { text: 'string' } } });
// @ts-expect-error A request has a reply.
defineContract({ requests: { history: { request: z.object({}) } } });
// @ts-expect-error A session is an object.
defineContract({ session: v.array(v.string()) });
