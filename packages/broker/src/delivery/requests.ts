import type { Answer, Backend, BatchAnswer, Delivery } from '../backend/backend.ts';
import { Attempt, type Attempted, type AttemptOptions, isFailed } from './attempt.ts';
import { Gate, type GateOptions, type Pass, type RequestEnd } from './gate.ts';
import type { TroubleLog } from './trouble-log.ts';

export interface RequestsOptions {
  readonly backend: Backend;
  readonly gate: Omit<GateOptions<Attempt>, 'batch' | 'begin'>;
  readonly trouble: TroubleLog;
  /** Breaks off what runs. */
  readonly signal: AbortSignal;
}

/** How a request ended: as a whole, and for each event. */
interface Ended {
  readonly end: RequestEnd;
  readonly answers: readonly Attempted[];
}

const one = { maxEvents: 1, maxBytes: 0 };
const stopped = { outcome: 'stopped' } as const;

/** Requests to the backend, as the gate permits them: of one event each, or of several where the backend takes that. */
export class Requests {
  readonly gate: Gate<Attempt>;
  readonly #options: RequestsOptions;
  /** Why the last request that failed did. */
  #lastReason = '';

  constructor(options: RequestsOptions) {
    this.#options = options;
    const { backend, gate } = options;
    this.gate = new Gate({
      ...gate,
      batch: () => backend.batches ?? one,
      begin: (pass) => this.#run(pass),
    });
  }

  get lastReason(): string {
    return this.#lastReason;
  }

  /** Sends an event once, when the gate permits it. */
  attempt(options: AttemptOptions): Promise<Attempted> {
    return new Promise((settle) => this.gate.enter(new Attempt(options, settle)));
  }

  #run(pass: Pass<Attempt>): void {
    const [only] = pass.turns;
    if (only && pass.turns.length === 1) this.#runOne(pass, only);
    else this.#runSeveral(pass);
  }

  /** Most are of this kind: without lists, and with one promise. */
  #runOne(pass: Pass<Attempt>, attempt: Attempt): void {
    const { backend, signal } = this.#options;
    const { encoded } = attempt;
    const notSent = 'outcome' in encoded ? encoded : signal.aborted ? stopped : undefined;
    if (!notSent) {
      void backend.deliver(encoded as Delivery, signal).then((answer) => {
        this.gate.leave(pass, this.#endOf(answer));
        attempt.settle(answer);
      });
      return;
    }
    // Later: the gate is still letting others in.
    queueMicrotask(() => {
      this.gate.leave(pass, 'dropped');
      attempt.settle(notSent);
    });
  }

  #runSeveral(pass: Pass<Attempt>): void {
    const sent: Attempt[] = [];
    const deliveries: Delivery[] = [];
    for (const attempt of pass.turns) {
      const { encoded } = attempt;
      if ('outcome' in encoded) attempt.settle(encoded);
      else {
        sent.push(attempt);
        deliveries.push(encoded);
      }
    }
    void this.#send(deliveries).then(({ end, answers }) => {
      this.gate.leave(pass, end);
      for (const [at, attempt] of sent.entries()) attempt.settle(answers[at] ?? stopped);
    });
  }

  #send(deliveries: readonly Delivery[]): Promise<Ended> {
    const { backend, signal } = this.#options;
    const [first] = deliveries;
    if (!first || signal.aborted) return Promise.resolve({ end: 'dropped', answers: [] });
    const { batches } = backend;
    return deliveries.length > 1 && batches
      ? batches.deliver(deliveries, signal).then((answer) => this.#endedBatch(deliveries, answer))
      : backend.deliver(first, signal).then((answer) => ({ end: this.#endOf(answer), answers: [answer] }));
  }

  #endedBatch(deliveries: readonly Delivery[], answer: BatchAnswer): Ended {
    switch (answer.outcome) {
      case 'delivered': {
        const answers = answer.answers.map(memberAnswer);
        // What was refused for ever is null as well, and no sign of an outage: its attempt alone will say.
        const isDone = answers.some(({ outcome }) => outcome === 'delivered');
        return { end: isDone ? 'succeeded' : 'dropped', answers };
      }
      case 'refused': {
        const { reason } = answer;
        this.#options.trouble.batchRefused(deliveries.length, reason);
        return { end: 'dropped', answers: deliveries.map(() => ({ outcome: 'alone', reason })) };
      }
      case 'retry': {
        const failed: Answer = { ...answer, isBatch: true };
        return { end: this.#endOf(failed), answers: deliveries.map(() => failed) };
      }
    }
  }

  #endOf(answer: Answer): RequestEnd {
    if (!isFailed(answer)) return 'succeeded';
    this.#lastReason = answer.reason;
    // What was broken off says nothing about the backend.
    return this.#options.signal.aborted ? 'dropped' : answer;
  }
}

/** Alone it gets an answer of its own, with a status. */
const notDone = { outcome: 'alone', reason: 'the backend answered null for it' } as const;

const memberAnswer = (answer: readonly unknown[] | null): Attempted =>
  answer ? { outcome: 'delivered', answer } : notDone;
