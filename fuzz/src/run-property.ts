import { BrokerProcess } from './broker-process.ts';
import { answerHonest, HonestClient } from './honest-client.ts';
import type { Property, World } from './property.ts';
import { RawBackend } from './raw-backend.ts';

/** How often the honest client asks in between. */
const casesBetweenProbes = 50;

/** Before memory is first measured: caches, compiled code and the like are there then. */
const warmUpPart = 0.2;
const maxWarmUpCases = 2_000;

const mebi = 1_048_576;
/** By so much more may be held after all cases than after the first ones. */
const maxGrowthBytes = 6 * mebi;

export interface Summary {
  readonly name: string;
  readonly cases: number;
  readonly seconds: number;
  readonly heldBeforeBytes: number;
  readonly heldAfterBytes: number;
  readonly exits: number;
  readonly unhandledRejections: number;
  /** What did not hold; empty when everything did. */
  readonly problems: readonly string[];
  readonly seed: number;
  readonly path: string | undefined;
}

export interface Scale {
  readonly runs: number;
  readonly seed: number;
  readonly path?: string | undefined;
  readonly progress?: (done: number) => void;
}

interface Started extends World {
  readonly honest: HonestClient;
}

const start = async (property: Property, backend: RawBackend): Promise<Started> => {
  const broker = new BrokerProcess({
    retryMinMs: 1,
    retryMaxMs: 5,
    resumeGraceMs: 20,
    ...property.options,
    backend: { type: 'http', url: backend.url, encoding: 'json', allow: ['127.0.0.1'] },
  });
  await broker.start();
  return { broker, backend, honest: await HonestClient.connect(broker.port) };
};

/** Runs a property's cases against a broker of its own, and judges what became of that. */
export const runProperty = async (property: Property, scale: Scale): Promise<Summary> => {
  const { runs, seed, path } = scale;
  const startMs = performance.now();
  await using backend = new RawBackend(answerHonest);
  await backend.start();
  let started = await start(property, backend);
  const problems: string[] = [];
  let exits = 0;
  let done = 0;
  let heldBeforeBytes = 0;
  const warmUp = Math.min(maxWarmUpCases, Math.ceil(runs * warmUpPart));

  const replaceDead = async (): Promise<World> => {
    if (started.broker.isRunning) return started;
    exits += started.broker.exits;
    problems.push(`the broker ended:\n${started.broker.output}`);
    started.honest[Symbol.dispose]();
    started = await start(property, backend);
    return started;
  };

  const probe = (): Promise<void> =>
    started.honest.isServed(started.broker.port, property.mayCloseAll ?? false);

  const result = await property.run({
    runs,
    seed,
    path,
    world: replaceDead,
    afterCase: async () => {
      done += 1;
      scale.progress?.(done);
      if (done % casesBetweenProbes === 0) await probe();
      if (!started.broker.isRunning) throw new Error('the broker has ended');
      if (done === warmUp) heldBeforeBytes = (await started.broker.facts()).heldBytes;
    },
  });
  if (result.failure !== undefined) problems.push(result.failure);
  await replaceDead();
  if (result.failure === undefined) await probe().catch((error: unknown) => problems.push(String(error)));
  // What is then held besides is held for nobody.
  if (result.failure === undefined && property.mayCloseAll) await started.honest.renew(started.broker.port);
  const facts = await settledFacts(started.broker, heldBeforeBytes);
  started.honest[Symbol.dispose]();
  await started.broker[Symbol.asyncDispose]();
  if (facts.unhandledRejections > 0) problems.push(`an unhandled rejection: ${facts.firstRejection}`);
  if (facts.isPolluted) problems.push('something was put on Object.prototype');
  if (backend.problem !== undefined) problems.push(`the backend was sent ${backend.problem}`);
  if (heldBeforeBytes > 0 && facts.heldBytes - heldBeforeBytes > maxGrowthBytes) {
    problems.push(`${facts.heldBytes - heldBeforeBytes} bytes more are held than after ${warmUp} cases`);
  }
  return {
    name: property.name,
    cases: result.cases,
    seconds: (performance.now() - startMs) / 1_000,
    heldBeforeBytes,
    heldAfterBytes: facts.heldBytes,
    exits,
    unhandledRejections: facts.unhandledRejections,
    problems,
    seed,
    path: result.path,
  };
};

/** Connections wait for their clients a moment, and sockets for the end of their closing: asked until it is less. */
const settledFacts = async (
  broker: BrokerProcess,
  heldBeforeBytes: number,
): ReturnType<BrokerProcess['facts']> => {
  for (let asked = 0; ; asked += 1) {
    const facts = await broker.facts();
    if (asked === 20 || heldBeforeBytes === 0 || facts.heldBytes - heldBeforeBytes < maxGrowthBytes)
      return facts;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
