import type { SentState } from '@wsbroker/client-browser';
import type { ReactNode } from 'react';
import { CheckIcon, ChecksIcon, ClockIcon, WarningIcon } from './icons.tsx';

/** How far the line has come: a clock, one tick from the broker, a second one from the backend. */
const ticks: Readonly<Record<SentState, readonly [icon: () => ReactNode, label: string]>> = {
  queued: [ClockIcon, 'Waiting'],
  sent: [ClockIcon, 'Sent'],
  acknowledged: [CheckIcon, 'The broker has it'],
  delivered: [ChecksIcon, 'Delivered'],
  failed: [WarningIcon, 'Failed'],
};

export const DeliveryTick = ({ state }: { readonly state: SentState }) => {
  const [Icon, label] = ticks[state];
  return (
    <span className="tick" role="img" aria-label={label} title={label}>
      <Icon />
    </span>
  );
};
