import * as fc from 'fast-check';
import type { BrokerProcess } from './broker-process.ts';
import type { RawBackend } from './raw-backend.ts';

/** What the cases of a property run against. */
export interface World {
  readonly broker: BrokerProcess;
  readonly backend: RawBackend;
}

/** What runs cases, with the connections that it holds meanwhile. */
interface Cases<T> extends AsyncDisposable {
  /** Throws when something does not hold. */
  check(input: T): Promise<void>;
}

/** One kind of input, and what must hold for each of them. */
export interface PropertyDefinition<T> {
  readonly name: string;
  readonly title: string;
  /** How many cases, when all are run and in `npm test`. */
  readonly cases: { readonly full: number; readonly short: number };
  /** Of the broker, beside the rates, which are raised for all. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** A case may close every client, as commands can. @default false */
  readonly mayCloseAll?: boolean;
  readonly input: fc.Arbitrary<T>;
  /** Runs for a broker that has just been started. */
  readonly begin: (world: World) => Promise<Cases<T>>;
}

interface RunOptions {
  readonly runs: number;
  readonly seed: number;
  /** Where fast-check found a failure: repeats that case alone. */
  readonly path?: string | undefined;
  /** Gives the world for the next case; another one than before when the broker had to be started again. */
  readonly world: () => Promise<World>;
  readonly afterCase: () => Promise<void>;
}

interface RunResult {
  readonly cases: number;
  /** What did not hold, and the smallest input found for it. */
  readonly failure: string | undefined;
  readonly path: string | undefined;
}

export interface Property extends Omit<PropertyDefinition<never>, 'input' | 'begin'> {
  run(options: RunOptions): Promise<RunResult>;
}

const maxShownCharacters = 3_000;
const maxShrinkMs = 30_000;

const reportOf = ({
  errorInstance,
  counterexample,
  numShrinks,
}: Pick<fc.RunDetailsCommon<[unknown]>, 'errorInstance' | 'counterexample' | 'numShrinks'>): string => {
  const input = fc.stringify(counterexample).slice(0, maxShownCharacters);
  const error = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return `${error.slice(0, maxShownCharacters)}\ninput, made smaller ${numShrinks} times: ${input}`;
};

export const defineProperty = <T>({ input, begin, ...rest }: PropertyDefinition<T>): Property => ({
  ...rest,
  async run({ runs, seed, path, world, afterCase }) {
    let current: World | undefined;
    let cases: Cases<T> | undefined;
    let failedAtMs: number | undefined;
    const property = fc.asyncProperty(input, async (value) => {
      // A smaller input is only looked for so long: it is a comfort, and the seed and the path are enough.
      if (failedAtMs !== undefined && performance.now() - failedAtMs > maxShrinkMs) return;
      const now = await world();
      if (now !== current || !cases) {
        await cases?.[Symbol.asyncDispose]();
        cases = await begin(now);
        current = now;
      }
      try {
        await cases.check(value);
        await afterCase();
      } catch (error) {
        failedAtMs ??= performance.now();
        // What a failed case has left open would spoil the next ones, while the smallest is looked for.
        await cases[Symbol.asyncDispose]();
        cases = undefined;
        throw error;
      }
    });
    const details = await fc.check(property, {
      numRuns: runs,
      seed,
      ...(path === undefined ? {} : { path }),
    });
    await cases?.[Symbol.asyncDispose]();
    return {
      cases: details.numRuns,
      failure: details.failed ? reportOf(details) : undefined,
      path: details.counterexamplePath ?? undefined,
    };
  },
});
