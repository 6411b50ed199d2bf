import type { ApplicationName } from './applications.ts';
import { DifferentialBackend } from './backend.ts';
import { type BrokerName, HostedBroker } from './hosted-broker.ts';
import { Stage, type Trace } from './stage.ts';
import type { Step } from './step.ts';

/** Runs steps on one kind of broker, with one backend. A broker lives on from step to step, for as long as it lives. */
export class Script implements AsyncDisposable {
  readonly #name: BrokerName;
  readonly #backend = new DifferentialBackend();
  readonly #brokers = new Map<ApplicationName, HostedBroker>();

  private constructor(name: BrokerName) {
    this.#name = name;
  }

  static async begin(name: BrokerName): Promise<Script> {
    const script = new Script(name);
    await script.#backend.start();
    return script;
  }

  async run(step: Step): Promise<Trace> {
    const broker = await this.#brokerFor(step.application);
    const stage = new Stage(broker, this.#backend);
    try {
      await step.run(stage);
      return await stage.end();
    } catch (error) {
      // What is left of a failed step must not fail the next.
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const broker of this.#brokers.values()) await broker[Symbol.asyncDispose]();
    await this.#backend[Symbol.asyncDispose]();
  }

  async #brokerFor(application: ApplicationName): Promise<HostedBroker> {
    const running = this.#brokers.get(application);
    if (running?.isRunning) return running;
    const started = await HostedBroker.start({
      broker: this.#name,
      application,
      backendUrl: this.#backend.url,
    });
    this.#brokers.set(application, started);
    return started;
  }
}
