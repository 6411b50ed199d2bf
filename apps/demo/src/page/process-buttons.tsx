import { useState } from 'react';
import type { Order, ProcessWatch } from './process-watch.ts';

export interface ProcessButtonsProps {
  readonly processes: ProcessWatch;
  /** Without word from the demo's server there is nobody to ask. */
  readonly isKnown: boolean;
}

const buttons: readonly (readonly [order: Order, text: string, title: string])[] = [
  ['restart-backend', 'Restart backend', 'kill -9, and start it again at once'],
  ['stop-backend', 'Stop it for 10 s', 'kill -9, and start it again after ten seconds'],
  ['stop-broker', 'Kill broker', 'kill -9, and start it again after three seconds'],
];

export const ProcessButtons = ({ processes, isKnown }: ProcessButtonsProps) => {
  const [problem, setProblem] = useState<string>();
  const give = (order: Order): void => {
    processes.order(order).then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <div className="buttons">
      {buttons.map(([order, text, title]) => (
        <button
          key={order}
          type="button"
          className="button"
          title={title}
          disabled={!isKnown}
          onClick={() => give(order)}
        >
          {text}
        </button>
      ))}
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
};
