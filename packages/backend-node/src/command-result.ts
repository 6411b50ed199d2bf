import {
  commandResultSchemas,
  type ContractDefinition,
  type ErrorResult,
  isJsonObject,
  type ListCountResult,
  listCountResultSchema,
  listPageResultSchema,
  listResultSchema,
  type MatchedResult,
} from '@wsbroker/protocol';
import type { ConnectionOf } from './target.ts';

/** What `list` gives of one connection: its `sessionInfo`, or the fields that were asked for. */
type ListedOf<C extends ContractDefinition, Options> = Options extends {
  fields: readonly (infer Field)[];
}
  ? Pick<ConnectionOf<C>, Field & keyof ConnectionOf<C>>
  : ConnectionOf<C>;

/** A page of a `list` with `limit`; `cursor` is there when there is more. */
export interface ListPage<Listed> {
  readonly connections: readonly Listed[];
  readonly cursor?: string;
}

type UncountedOf<C extends ContractDefinition, Options> = Options extends { limit: number }
  ? ListPage<ListedOf<C, Options>>
  : 'limit' extends keyof Options
    ? ListPage<ListedOf<C, Options>> | readonly ListedOf<C, Options>[]
    : readonly ListedOf<C, Options>[];

/** The result of `list`, by its options: what `count` and `limit` make of it is known where they are. */
export type ListResultOf<C extends ContractDefinition, Options> = Options extends { count: true }
  ? ListCountResult
  : Options extends { count: false }
    ? UncountedOf<C, Options>
    : 'count' extends keyof Options
      ? ListCountResult | UncountedOf<C, Options>
      : UncountedOf<C, Options>;

/** The result of a command that did not fail. */
export type ResultOf<C extends ContractDefinition, Command> = Command extends { type: 'list' }
  ? ListResultOf<C, Command>
  : Command extends { type: 'log' }
    ? null
    : Command extends { type: 'close' | 'send' | 'session' }
      ? MatchedResult
      : unknown;

/** The results of a list of commands, each in its place: what it gave, or why it failed. */
export type ResultsOf<C extends ContractDefinition, Commands extends readonly unknown[]> = {
  -readonly [K in keyof Commands]: ResultOf<C, Commands[K]> | ErrorResult;
};

/** Whether a command failed. A code of a later broker counts as well. */
export const isErrorResult = (result: unknown): result is ErrorResult =>
  isJsonObject(result) &&
  isJsonObject(result['error']) &&
  typeof result['error']['code'] === 'string' &&
  typeof result['error']['message'] === 'string';

/** The schema that a command's result must fit when it is no error; undefined for commands of the application. */
export const resultSchemaOf = (command: Readonly<Record<string, unknown>>) => {
  switch (command['type']) {
    case 'close':
    case 'log':
    case 'send':
    case 'session':
      return commandResultSchemas[command['type']];
    case 'list':
      if (command['count'] === true) return listCountResultSchema;
      return command['limit'] === undefined ? listResultSchema : listPageResultSchema;
    default:
      return undefined;
  }
};
