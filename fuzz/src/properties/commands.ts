import {
  builtInCommandSchema,
  commandResultSchemas,
  errorCodeSchema,
  errorResultSchema,
  isJsonObject,
} from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { Crowd } from '../crowd.ts';
import { HttpClient, type HttpAnswer } from '../http-client.ts';
import { commandListText } from '../inputs/command-text.ts';
import { inChunks, cuts } from '../inputs/frame-bytes.ts';
import { checkOwnFields } from '../own-fields.ts';
import { parsed } from '../parsed.ts';
import { defineProperty } from '../property.ts';
import { weighted } from '../inputs/weighted.ts';

const maxCommandBytes = 40_000;
/** What commands put into a `sessionInfo` stays as long as its connection. */
const casesBetweenCrowds = 100;
/** No connection may have changed in a way that it keeps. */
const casesBetweenLists = 4;

interface Post {
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** The list, where the body is what its type says. */
  readonly list: string | undefined;
  readonly cuts: readonly number[];
  readonly isChunked: boolean;
}

const formType = 'application/x-www-form-urlencoded';

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

type Body = Pick<Post, 'contentType' | 'body' | 'list'>;

const body: fc.Arbitrary<Body> = fc.oneof(
  weighted(
    8,
    fc
      .tuple(
        commandListText,
        fc.constantFrom('application/json', 'application/json; charset=utf-8', 'Application/JSON'),
      )
      .map(([list, contentType]) => ({ contentType, body: Buffer.from(list), list: list.toWellFormed() })),
  ),
  weighted(
    6,
    fc
      .tuple(
        commandListText,
        fc.constantFrom(formType, `${formType};charset=UTF-8`, '', undefined),
        fc.constantFrom('', 'a=b&', '%=%&&', '=&'),
      )
      .map(([list, contentType, before]) => ({
        contentType,
        body: Buffer.from(`${before}data=${encoded(list)}`),
        list: list.toWellFormed(),
      })),
  ),
  weighted(
    2,
    fc
      .tuple(
        fc.oneof(commandListText, fc.string({ unit: 'binary' })),
        fc.constantFrom('data=', 'data=%', 'data=[]&data=', 'DATA=', 'data[]=', '', '\ufeff'),
        fc.constantFrom(
          formType,
          'application/json',
          'text/plain',
          'multipart/form-data; boundary=x',
          'a/b/c;;',
        ),
      )
      .map(([text, before, contentType]) => ({
        contentType,
        body: Buffer.from(before + text),
        list: undefined,
      })),
  ),
  weighted(
    1,
    fc
      .uint8Array({ maxLength: 80 })
      .map((bytes) => ({ contentType: formType, body: Buffer.from(bytes), list: undefined })),
  ),
  weighted(
    1,
    fc.integer({ min: maxCommandBytes - 2, max: maxCommandBytes + 2 }).map((size) => ({
      contentType: 'application/json',
      body: Buffer.from('[]'.padEnd(size)),
      list: undefined,
    })),
  ),
);

const errorOf = ({ status, text, headers }: HttpAnswer): void => {
  const { error } = (parsed(text) ?? {}) as { error?: { code?: unknown; message?: unknown } };
  const isKnown = errorCodeSchema.safeParse(error?.code).success && typeof error?.message === 'string';
  const codes: Readonly<Record<number, string>> = {
    400: 'bad-shape,not-json',
    413: 'too-large',
    415: 'bad-content-type',
  };
  const isRight = codes[status]?.split(',').includes(String(error?.code)) ?? false;
  if (!isKnown || !isRight || headers['content-type'] !== 'application/json; charset=utf-8') {
    throw new Error(`not an answer that is documented: ${status} ${text}`);
  }
};

const isError = (result: unknown): boolean =>
  isJsonObject(result) && errorResultSchema.safeParse(result).success;

/** What may come of one command. */
const checkResult = (command: unknown, result: unknown): void => {
  const wrong = (what: string): never => {
    throw new Error(
      `${what}: ${JSON.stringify(command).slice(0, 500)} gave ${JSON.stringify(result).slice(0, 500)}`,
    );
  };
  const type = isJsonObject(command) ? command['type'] : undefined;
  const schema =
    typeof type === 'string' && Object.hasOwn(commandResultSchemas, type)
      ? commandResultSchemas[type as 'list']
      : undefined;
  if (!schema) {
    if (!isError(result)) wrong('no command');
    return;
  }
  if (!schema.safeParse(result).success) wrong('a result of another shape than documented');
  const isValid = builtInCommandSchema.safeParse(command).success;
  if (!isValid && !isError(result)) wrong('a wrong command ran');
  // `reply` has nobody to reply to; `session` may be about a reserved field; a `cursor` is the broker's own.
  const mayFail = type === 'reply' || type === 'session' || Object.hasOwn(command as object, 'cursor');
  if (isValid && !mayFail && isError(result)) wrong('a right command failed');
};

const checkAnswer = (answer: HttpAnswer, { list, body: sent }: Post): void => {
  const expected = list === undefined ? undefined : parsed(list);
  const isTooLarge = sent.length > maxCommandBytes;
  if (answer.status !== 200) {
    errorOf(answer);
    const isOfWrongType = answer.status === 415 && list === undefined;
    if (isTooLarge ? answer.status !== 413 && !isOfWrongType : Array.isArray(expected)) {
      throw new Error(`refused with ${answer.status}: ${answer.text}`);
    }
    return;
  }
  const results = parsed(answer.text);
  if (isTooLarge || !Array.isArray(results)) throw new Error(`answered with ${answer.text.slice(0, 300)}`);
  if (list === undefined) return;
  if (!Array.isArray(expected) || expected.length !== results.length) {
    throw new Error(`${results.length} results: ${answer.text.slice(0, 300)}`);
  }
  for (const [at, command] of expected.entries()) checkResult(command, results[at]);
};

const cookies = ['room=lobby; who=fuzz', 'room=lobby', 'room=Lobby; a=1', 'constructor=1; toString=x', 'a=*'];

export const commands = defineProperty<Post>({
  name: 'commands',
  title: 'whatever is POSTed as commands is answered as documented, and the broker keeps its own fields',
  cases: { full: 15_000, short: 400 },
  options: { maxCommandBytes },
  mayCloseAll: true,
  input: fc
    .tuple(body, cuts, fc.boolean())
    .map(([sent, places, isChunked]) => ({ ...sent, cuts: places, isChunked })),
  begin: async ({ broker }) => {
    const http = new HttpClient();
    const crowd = new Crowd(broker.port, cookies);
    let done = 0;
    return {
      async check(post) {
        done += 1;
        if (done % casesBetweenCrowds === 0) crowd.disperse();
        await crowd.gather();
        const { port } = broker;
        const headers = {
          ...(post.contentType === undefined ? {} : { 'content-type': post.contentType }),
          ...(post.isChunked ? {} : { 'content-length': String(post.body.length) }),
        };
        checkAnswer(await http.post({ port, headers, chunks: inChunks(post.body, post.cuts) }), post);
        if (done % casesBetweenLists === 0) await checkOwnFields(http, port);
        crowd.check();
      },
      async [Symbol.asyncDispose]() {
        http[Symbol.dispose]();
        crowd[Symbol.dispose]();
      },
    };
  },
});
