import { messageTypePattern } from '@wsbroker/protocol';
import { textFrame } from '@wsbroker/testkit';
import { deepText, jsonValueText, messageText, mutated } from '../inputs/json-text.ts';
import { hasKey, type JsonTree, readJsonTree } from '../json-tree.ts';
import { defineProperty, type World } from '../property.ts';
import type { RawEvent } from '../raw-backend.ts';
import { openWebSocket, type Wire } from '../wire.ts';
import * as fc from 'fast-check';

const maxMessageDepth = 64;

/** What has to become of a text: the event's message with its type, or a refusal. */
type Expected = { readonly type: string; readonly tree: JsonTree } | 'refused';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const expectedOf = (text: string): Expected => {
  if (!isJson(text)) return 'refused';
  const tree = readJsonTree(text, maxMessageDepth);
  if (tree?.kind !== 'object') return 'refused';
  const types = tree.fields.filter(([key]) => key.toLowerCase() === 'type');
  if (types.length === 0) return { type: 'client-message', tree };
  const [[, value, written] = []] = types;
  // Spelled otherwise (`Type`, escapes) it is no type here, and might be one for the backend.
  if (
    types.length > 1 ||
    written !== '"type"' ||
    value?.kind !== 'string' ||
    !messageTypePattern.test(value.text)
  ) {
    return 'refused';
  }
  return { type: value.text.startsWith('client-') ? value.text : `client-${value.text}`, tree };
};

/**
 * One text for all spellings of the same JSON. Strict: numbers as written, and every field. Else as a program
 * reads it and writes it again, which is what becomes of a message with `__proto__` in it.
 */
const canonical = (tree: JsonTree, isStrict: boolean): string => {
  switch (tree.kind) {
    case 'word':
      return tree.text;
    case 'number':
      return isStrict ? tree.text : JSON.stringify(Number(tree.text));
    case 'string':
      return JSON.stringify(tree.text);
    case 'list':
      return `[${tree.items.map((item) => canonical(item, isStrict)).join()}]`;
    case 'object': {
      const fields = tree.fields
        .filter(([key]) => key !== '__proto__')
        .map(([key, value]) => [JSON.stringify(key), canonical(value, isStrict)] as const);
      const kept = isStrict ? fields : [...new Map(fields)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return `{${kept.map((parts) => parts.join(':')).join()}}`;
    }
  }
};

const withoutType = (tree: JsonTree): JsonTree =>
  tree.kind === 'object' ? { ...tree, fields: tree.fields.filter(([key]) => key !== 'type') } : tree;

/** Sends texts on one socket and tells what came of each: what the backend got, and what the client was told. */
class Exchange implements AsyncDisposable {
  readonly #wire: Wire;
  readonly #backend: World['backend'];
  #events: RawEvent[] = [];
  #ends = 0;

  constructor(wire: Wire, backend: World['backend']) {
    this.#wire = wire;
    this.#backend = backend;
    backend.onEvent = (event) => {
      if (event.connection['who'] !== 'fuzz' || !event.type.startsWith('client-')) return undefined;
      if (event.type !== 'client-end-of-case') return void this.#events.push(event);
      return [{ type: 'send', message: JSON.parse(event.text) as unknown }];
    };
  }

  async of(text: string): Promise<{ events: readonly RawEvent[]; answers: readonly unknown[] }> {
    this.#events = [];
    this.#wire.server.frames.length = 0;
    this.#ends += 1;
    const end = `{"type":"end-of-case","n":${this.#ends}}`;
    this.#wire.write(Buffer.concat([textFrame(text), textFrame(end)]));
    // Everything that the broker says of the text comes before it.
    const answers = await this.#wire.until('an answer to the message after it', () => {
      const { texts } = this.#wire.server;
      return isEnd(texts.at(-1), this.#ends) ? texts.slice(0, -1) : undefined;
    });
    if (this.#backend.problem !== undefined) throw new Error(`the backend was sent ${this.#backend.problem}`);
    return { events: this.#events, answers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wire[Symbol.dispose]();
    await this.#wire.ended();
  }
}

const isEnd = (text: unknown, n: number): boolean => {
  const { type, n: seen } = (text ?? {}) as { type?: unknown; n?: unknown };
  return type === 'client-end-of-case' && seen === n;
};

const check = async (exchange: Exchange, sent: string): Promise<void> => {
  const text = sent.toWellFormed();
  const expected = expectedOf(text);
  const { events, answers } = await exchange.of(text);
  const [first] = events;
  const seen = JSON.stringify({ events: events.map((event) => event.text), answers });
  if (expected === 'refused') {
    const [answer] = answers as { type?: unknown; code?: unknown; text?: unknown }[];
    const isRefusal = answer?.type === 'broker-error' && /^(bad-message|not-json)$/.test(String(answer.code));
    if (first || answers.length !== 1 || !isRefusal || typeof answer.text !== 'string') {
      throw new Error(`expected a refusal alone: ${seen}`);
    }
    return;
  }
  if (!first || events.length > 1 || answers.length > 0) throw new Error(`expected an event alone: ${seen}`);
  if (first.type !== expected.type) throw new Error(`expected the type ${expected.type}: ${seen}`);
  const arrived = readJsonTree(first.text, maxMessageDepth);
  if (!arrived) throw new Error(`deeper than it was: ${seen}`);
  if (hasKey(arrived, '__proto__')) throw new Error(`__proto__ has reached the backend: ${seen}`);
  const types =
    arrived.kind === 'object' ? arrived.fields.filter(([key]) => key.toLowerCase() === 'type') : [];
  if (types.length !== 1) throw new Error(`expected one type: ${seen}`);
  const isStrict = !hasKey(expected.tree, '__proto__');
  const [before, after] = [expected.tree, arrived].map((tree) => canonical(withoutType(tree), isStrict));
  if (before !== after) throw new Error(`expected the same but for the type: ${before}, not ${after}`);
};

export const messages = defineProperty<string>({
  name: 'messages',
  title: 'what a client says as JSON reaches the backend as it was written but for its type, or is refused',
  cases: { full: 40_000, short: 1_200 },
  input: fc.oneof(
    { weight: 10, arbitrary: messageText },
    { weight: 6, arbitrary: mutated(messageText) },
    { weight: 2, arbitrary: jsonValueText },
    { weight: 1, arbitrary: mutated(jsonValueText) },
    { weight: 1, arbitrary: deepText },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  ),
  begin: async ({ broker, backend }) => {
    const exchange = new Exchange(
      await openWebSocket(broker.port, { headers: ['Cookie: who=fuzz'] }),
      backend,
    );
    return {
      check: (text) => check(exchange, text),
      [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
    };
  },
});
