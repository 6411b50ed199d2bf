import { useState } from 'react';
import type { BackendWatch } from './backend-watch.ts';

export interface BackendButtonsProps {
  readonly backend: BackendWatch;
  /** Without word from the demo's server there is nobody to ask. */
  readonly isKnown: boolean;
}

export const BackendButtons = ({ backend, isKnown }: BackendButtonsProps) => {
  const [problem, setProblem] = useState<string>();
  const order = (ordered: Promise<void>): void => {
    ordered.then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <div className="buttons">
      <button
        type="button"
        className="button"
        title="kill -9, and start it again at once"
        disabled={!isKnown}
        onClick={() => order(backend.restart())}
      >
        Restart backend
      </button>
      <button
        type="button"
        className="button"
        title="kill -9, and start it again after ten seconds"
        disabled={!isKnown}
        onClick={() => order(backend.stop())}
      >
        Stop it for 10 s
      </button>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
};
