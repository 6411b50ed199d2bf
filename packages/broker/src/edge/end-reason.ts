import { closeCodes } from '@wsbroker/protocol';

/** Why a connection ended, as the backend is told. */
export type EndReason = 'client-left' | 'connection-lost' | 'closed' | 'broker-closed' | 'broker-restarted';

/** A code that says that the client, or its page, is done: the standard's, or one of the application's own. */
const isLeaving = (code: number): boolean =>
  code === closeCodes.normal || code === closeCodes.goingAway || (code >= 3_000 && code <= 4_999);

/** Whether the client left, or was lost, by the code with which it closed its socket, if it did. */
export const endReasonOf = (code: number | undefined): EndReason =>
  code !== undefined && isLeaving(code) ? 'client-left' : 'connection-lost';
