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
  attempt(options: Omit<AttemptOptions, 'settle'>): Promise<Attempted> {
    return new Promise((settle) => this.gate.enter(new Attempt({ ...options, settle })));
  }

  #run(pass: Pass<Attempt>): void {
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
    const ended = ({ end, answers }: Ended): void => {
      this.gate.leave(pass, end);
      for (const [at, attempt] of sent.entries()) attempt.settle(answers[at] ?? { outcome: 'stopped' });
    };
    void this.#send(deliveries).then(ended);
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
        if (answers.some(({ outcome }) => outcome === 'delivered')) return { end: 'succeeded', answers };
        this.#lastReason = notDone.reason;
        return { end: { failure: 'status', isOfEach: true }, answers };
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
