import { rowText } from '../goal.ts';
import type { Outcome } from '../harness/rounds.ts';

const loadIsFull = 0.97;
const serverIsFull = 0.95;

/** The rows in which the load client, and not the server, was what could do no more. */
export const limitedByLoad = ({ rows }: Outcome): readonly string[] =>
  rows
    .filter(
      ({ figures: { loadBusy, serverBusy } }) =>
        (loadBusy?.median ?? 0) > loadIsFull && (serverBusy?.median ?? 1) < serverIsFull,
    )
    .map(rowText);

/** What has to be said beside the figures. */
export const remarksOn = (outcome: Outcome): readonly string[] => {
  const limited = limitedByLoad(outcome);
  return [
    ...(limited.length > 0
      ? [`The load client was the limit, and the rate is not the server's: ${limited.join('; ')}.`]
      : []),
    ...outcome.leftOut.map((line) => `Left out: ${line}.`),
    ...[...new Set(outcome.failed)].map((line) => `Did not run: ${line.split('\n', 1).join('')}.`),
  ];
};
