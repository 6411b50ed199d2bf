import {
  type BodyEncoding,
  check,
  type CommandList,
  type ContractDefinition,
  encodeCommands,
  isJsonObject,
  type MatchedResult,
  parseJson,
  type ServerMessageOf,
  type SessionOf,
} from '@wsbroker/protocol';
import { sign, type SignatureKey } from '@wsbroker/protocol/signature';
import { BrokerClientError, notReached, refusedBy } from './broker-client-error.ts';
import { isErrorResult, type ListResultOf, resultSchemaOf, type ResultsOf } from './command-result.ts';
import {
  close,
  type CloseOptionsOf,
  type CommandOf,
  list,
  type ListOptionsOf,
  type NoOptions,
  send,
  session,
  type SessionChangeOf,
} from './command.ts';
import { positiveInteger } from './positive-integer.ts';
import { readSecrets, type Secret } from './secrets.ts';
import type { ExplicitTargetOf, TargetOf } from './target.ts';
import { refuseUndefinedCriterion } from './undefined-criterion.ts';

export interface BrokerClientOptions {
  /** The broker's WebSocket port over HTTP, for example `http://127.0.0.1:31002/`. */
  readonly url: string | URL;
  /**
   * How long the broker may take for its whole answer, in milliseconds.
   * @default 10_000
   */
  readonly timeoutMs?: number;
  /**
   * How commands are POSTed. `form` is understood by every broker, `wsbroker` 1.x included.
   * @default 'form'
   */
  readonly encoding?: BodyEncoding;
  /**
   * The broker's `secret`: signs every POST, each with an id of its own. With a list there is a signature of each.
   * An option that is `undefined` throws, so that an environment variable that is not set does not turn it off.
   * @default none: POSTs are not signed
   */
  readonly secret?: Secret;
  /**
   * Carries the request.
   * @default the global `fetch`
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Sends commands to a broker from anywhere: a web request, a cron job, a queue's worker. */
export interface BrokerClient<C extends ContractDefinition> {
  /**
   * Runs commands in order. A command that fails has its {@link ErrorResult} in its place, and the others run.
   * @throws {BrokerClientError} where the list as a whole was not taken.
   * @example
   * const [players, sent] = await broker.run([list({ match: { room: 'lobby' } }), send({ type: 'start' })]);
   */
  run<const Commands extends readonly CommandOf<C>[]>(commands: Commands): Promise<ResultsOf<C, Commands>>;
  /**
   * Sends a message to those that match; without `match` to all.
   * @throws {BrokerClientError}
   */
  send(message: ServerMessageOf<C>, target?: TargetOf<C>): Promise<MatchedResult>;
  /**
   * Changes the `sessionInfo` of those that match; `match: {}` means all.
   * @throws {BrokerClientError}
   */
  session(
    data: Partial<SessionOf<C>>,
    change: SessionChangeOf<C> & ExplicitTargetOf<C>,
  ): Promise<MatchedResult>;
  /**
   * Closes those that match; `match: {}` means all.
   * @throws {BrokerClientError}
   */
  close(options: CloseOptionsOf<C> & ExplicitTargetOf<C>): Promise<MatchedResult>;
  /**
   * The `sessionInfo` of those that match; without `match` of all.
   * @throws {BrokerClientError}
   */
  list(): Promise<ListResultOf<C, NoOptions>>;
  list<const Options extends ListOptionsOf<C>>(options: Options): Promise<ListResultOf<C, Options>>;
}

/**
 * A client of a broker's command endpoint. It holds nothing open: there is nothing to close.
 *
 * @example
 * const broker = createBrokerClient<typeof contract>({ url: 'http://127.0.0.1:31002/' });
 * await broker.send({ type: 'said', text: 'hello' }, { match: { room: 'lobby' } });
 */
export const createBrokerClient = <C extends ContractDefinition = ContractDefinition>(
  options: BrokerClientOptions,
): BrokerClient<C> => {
  const { encoding = 'form', fetch = (...args) => globalThis.fetch(...args) } = options;
  const timeoutMs = positiveInteger('timeoutMs', options.timeoutMs ?? 10_000);
  const url = checkedUrl(options.url);
  const keys = readSecrets(options);

  const post = async (commands: readonly unknown[]): Promise<{ status: number; text: string }> => {
    // `encodeCommands` asks for the wire's loose type, which the builders' exact ones do not have.
    const { contentType, text: body } = encodeCommands(encoding, commands as CommandList);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': contentType, accept: 'application/json', ...(keys && signed(keys, body)) },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw notReached(url, error, timeoutMs);
    }
  };

  const run = async (commands: readonly object[]): Promise<unknown[]> => {
    for (const command of commands) refuseUndefinedCriterion('run', { ...command });
    const { status, text } = await post(commands);
    if (status !== 200) throw refusedBy(url, status, text);
    const results = parseJson(text, 'The answer');
    if (!results.ok || !Array.isArray(results.value) || results.value.length !== commands.length) {
      throw badAnswer(url, `expected a JSON list of ${commands.length} results`);
    }
    return results.value.map((result: unknown, at) => checkedResult(url, commands[at], result));
  };

  const runOne = async (command: object): Promise<unknown> => {
    const [result] = await run([command]);
    if (!isErrorResult(result)) return result;
    const { code, message } = result.error;
    throw new BrokerClientError(code, `The broker at ${url} refused the command (${code}): ${message}`, {
      status: 200,
    });
  };

  const client = {
    run,
    send: async (...args: Parameters<BrokerClient<C>['send']>) => runOne(send(...args)),
    session: async (...args: Parameters<BrokerClient<C>['session']>) => runOne(explicit(session(...args))),
    close: async (...args: Parameters<BrokerClient<C>['close']>) => runOne(explicit(close(...args))),
    list: async (options_: ListOptionsOf<C> = {}) => runOne(list(options_)),
  };
  // What each command gives is checked against its schema above; its type follows from the command's.
  return client as unknown as BrokerClient<C>;
};

const signed = (keys: readonly SignatureKey[], body: string): Record<string, string> => {
  const id = crypto.randomUUID();
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': sign(keys, { id, timestampSeconds, body }),
  };
};

/** Types ask for `match` as well; this is for plain JavaScript, and for a variable that turns out to be empty. */
const explicit = <Command extends { readonly type: string; readonly match?: unknown }>(
  command: Command,
): Command => {
  if (command.match !== undefined) return command;
  throw new TypeError(`${command.type} has no match: give criteria, or \`match: {}\` if all are meant`);
};

const checkedUrl = (url: string | URL): string => {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new TypeError(
      `url is "${String(url)}": expected the broker's WebSocket port over HTTP, for example http://127.0.0.1:31002/`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TypeError(
      'url has a user name or a password: the broker knows backends by their address (`allow`), and takes none',
    );
  }
  return parsed.href;
};

const checkedResult = (url: string, command: unknown, result: unknown): unknown => {
  if (!isJsonObject(command) || isErrorResult(result)) return result;
  const schema = resultSchemaOf(command);
  if (schema === undefined) return result;
  const checked = check<unknown>(schema, result, `The result of ${String(command['type'])}`);
  if (checked.ok) return checked.value;
  throw badAnswer(url, checked.error.message);
};

const badAnswer = (url: string, why: string): BrokerClientError =>
  new BrokerClientError('bad-answer', `What answers at ${url} is not a broker of this version: ${why}`, {
    status: 200,
  });
