import type { PendingLine } from './chat-state.ts';
import type { DeliveryState } from './delivery-state.ts';
import { CheckIcon, ClockIcon, WarningIcon } from './icons.tsx';

export interface DeliveryNoteProps {
  readonly state: DeliveryState;
  readonly pending: PendingLine | undefined;
  readonly onAgain: (id: string) => void;
}

/** Where a line of one's own is. */
export const DeliveryNote = ({ state, pending, onAgain }: DeliveryNoteProps) => {
  switch (state) {
    case 'delivered':
      return (
        <p className="note">
          <CheckIcon /> Delivered
        </p>
      );
    case 'sending':
      return (
        <p className="note">
          <ClockIcon /> Sending
        </p>
      );
    case 'kept-by-broker':
      return (
        <p className="note waiting">
          <ClockIcon /> Waits for the backend
        </p>
      );
    case 'kept-by-tab':
      return (
        <p className="note waiting">
          <ClockIcon /> Waits for a connection
        </p>
      );
    case 'failed':
      return (
        <p className="note failed">
          <WarningIcon /> {pending?.problem}{' '}
          <button type="button" onClick={() => pending && onAgain(pending.id)}>
            Try again
          </button>
        </p>
      );
  }
};
