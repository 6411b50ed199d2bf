import type { Tick } from './chat-state.ts';

export interface DeliveryNoteProps {
  readonly tick: Tick;
  readonly waitsFor: 'connection' | 'backend' | undefined;
  readonly onAgain: () => void;
}

/** The same in words. */
export const DeliveryNote = ({ tick, waitsFor, onAgain }: DeliveryNoteProps) => {
  const { state, problem } = tick;
  if (state === 'failed') {
    return (
      <p className="note failed">
        {problem}{' '}
        <button type="button" onClick={onAgain}>
          Try again
        </button>
      </p>
    );
  }
  if (state === 'delivered') return <p className="note">Delivered</p>;
  const isKept = state === 'acknowledged';
  if (waitsFor === undefined) return <p className="note">{isKept ? 'The broker has it' : 'Sending'}</p>;
  return (
    <p className="note waiting">
      {isKept
        ? `The broker has it${waitsFor === 'backend' ? ' and waits for the backend' : ''}`
        : `Waits for ${waitsFor === 'backend' ? 'the broker' : 'a connection'}`}
    </p>
  );
};
