import type { StandardSchemaV1 } from '@standard-schema/spec';
import { clientPrefix, messageTypePattern } from './message-type.ts';

/** Validators by message type: any library with Standard Schema (zod, valibot, arktype …). */
export type MessageSchemas = Readonly<Record<string, StandardSchemaV1<unknown, Record<string, unknown>>>>;

/** One question and its answer. */
export interface RequestSchemas {
  readonly request: StandardSchemaV1<unknown, Record<string, unknown>>;
  readonly reply: StandardSchemaV1<unknown, Record<string, unknown>>;
}

/** What {@link defineContract} takes. Each schema describes a message without its `type`, which is its key. */
export interface ContractDefinition {
  /** What clients send to the backend. */
  readonly clientMessages?: MessageSchemas;
  /** What the backend sends to clients. */
  readonly serverMessages?: MessageSchemas;
  /** Questions of clients that the backend answers one by one. */
  readonly requests?: Readonly<Record<string, RequestSchemas>>;
  /** The fields that the backend sets in `sessionInfo`. */
  readonly session?: StandardSchemaV1<unknown, Record<string, unknown>>;
}

/**
 * The words that a frontend and its backend agree on, in one file that both import.
 *
 * The browser client takes the types alone (`createClient<typeof contract>`), so no validator is
 * shipped to browsers; a Node backend validates with it.
 *
 * @throws TypeError when a type cannot be one: the broker would refuse its messages.
 * @example
 * export const contract = defineContract({
 *   clientMessages: { say: z.object({ text: z.string().max(500) }) },
 *   serverMessages: { said: z.object({ who: z.string(), text: z.string() }) },
 *   session: z.object({ name: z.string() }),
 * });
 */
export const defineContract = <const T extends ContractDefinition>(definition: T): T => {
  const { clientMessages = {}, serverMessages = {}, requests = {} } = definition;
  checkTypes('clientMessages', clientMessages);
  checkTypes('serverMessages', serverMessages);
  checkTypes('requests', requests);
  checkPrefix('clientMessages', clientMessages);
  checkPrefix('requests', requests);
  return definition;
};

const checkTypes = (part: string, schemas: object): void => {
  for (const type of Object.keys(schemas)) {
    if (messageTypePattern.test(type)) continue;
    throw new TypeError(
      `defineContract: ${part} has the type ${JSON.stringify(type)}: expected 1 to 64 of A-Z a-z 0-9 . _ : -`,
    );
  }
};

/** `client-say` and `say` arrive at the backend as the same event, so only one of them can be a type. */
const checkPrefix = (part: string, schemas: object): void => {
  const prefixed = Object.keys(schemas).find((type) => type.startsWith(clientPrefix));
  if (prefixed === undefined) return;
  throw new TypeError(
    `defineContract: ${part} has the type "${prefixed}", but the broker puts "${clientPrefix}" there: leave it out`,
  );
};

/** zod infers `Record<string, never>` for an object without fields, in which not even `type` would fit. */
type Fields<T> = T extends Record<string, never> ? unknown : T;

type Typed<S extends MessageSchemas> = {
  [K in keyof S & string]: { type: K } & Fields<StandardSchemaV1.InferOutput<S[K]>>;
}[keyof S & string];

type TypedInput<S extends MessageSchemas> = {
  [K in keyof S & string]: { type: K } & Fields<StandardSchemaV1.InferInput<S[K]>>;
}[keyof S & string];

/** Any message, for contracts that leave a side open. */
export interface AnyMessage {
  type: string;
  [field: string]: unknown;
}

/** What a client of this contract sends: a union over its types. */
export type ClientMessageOf<C extends ContractDefinition> = C extends {
  clientMessages: infer S extends MessageSchemas;
}
  ? TypedInput<S>
  : AnyMessage;

/** What the backend's handlers get: the validators' output. */
export type ReceivedMessageOf<C extends ContractDefinition> = C extends {
  clientMessages: infer S extends MessageSchemas;
}
  ? Typed<S>
  : AnyMessage;

/** Without `requests` in the contract, anything may be asked and answered. */
type Requests<C extends ContractDefinition> = C extends {
  requests: infer R extends Readonly<Record<string, RequestSchemas>>;
}
  ? R
  : Readonly<Record<string, RequestSchemas>>;

/** The types of request of this contract. */
export type RequestTypeOf<C extends ContractDefinition> = keyof Requests<C> & string;

/** What a client asks: a union over the types of request, or the one of type `T`. */
export type RequestOf<C extends ContractDefinition, T extends string = RequestTypeOf<C>> = C extends {
  requests: infer R extends Readonly<Record<string, RequestSchemas>>;
}
  ? { [K in keyof R & T]: { type: K } & Fields<StandardSchemaV1.InferInput<R[K]['request']>> }[keyof R & T]
  : AnyMessage;

/** What the backend's handler of a request gets: the validator's output. */
export type ReceivedRequestOf<C extends ContractDefinition, T extends string = RequestTypeOf<C>> = C extends {
  requests: infer R extends Readonly<Record<string, RequestSchemas>>;
}
  ? { [K in keyof R & T]: { type: K } & Fields<StandardSchemaV1.InferOutput<R[K]['request']>> }[keyof R & T]
  : AnyMessage;

/** What the backend answers to a request of type `T`. */
export type ReplyOf<C extends ContractDefinition, T extends string> = C extends {
  requests: infer R extends Readonly<Record<string, RequestSchemas>>;
}
  ? { [K in keyof R & T]: StandardSchemaV1.InferInput<R[K]['reply']> }[keyof R & T]
  : unknown;

/** What a client of this contract receives. */
export type ServerMessageOf<C extends ContractDefinition> = C extends {
  serverMessages: infer S extends MessageSchemas;
}
  ? TypedInput<S>
  : AnyMessage;

/** The backend's own fields of `sessionInfo`. */
export type SessionOf<C extends ContractDefinition> = C extends {
  session: infer S extends StandardSchemaV1;
}
  ? StandardSchemaV1.InferOutput<S>
  : Record<string, unknown>;
