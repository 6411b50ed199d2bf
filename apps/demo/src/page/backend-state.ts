import type { ClientStatus } from '@wsbroker/client-browser';
import type { ControlStatus } from '../control-status.ts';

/**
 * How it stands with the backend. The broker's word counts: it has asked. While nobody says anything it has no
 * reason to ask, and the demo's server knows of the process.
 */
export const backendStateOf = (
  { state, backend }: Pick<ClientStatus, 'state' | 'backend'>,
  processes: Pick<ControlStatus, 'backend'> | undefined,
): 'up' | 'starting' | 'away' | 'unknown' => {
  if (processes?.backend.state === 'starting') return 'starting';
  if (processes?.backend.state === 'stopped' || backend === 'down') return 'away';
  return processes === undefined && state !== 'open' ? 'unknown' : 'up';
};
