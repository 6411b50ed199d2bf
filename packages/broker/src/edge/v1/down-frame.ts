import type { ErrorCode, Opened, StatusFrame } from '@wsbroker/protocol';
import { textFrame } from '../../hub/frame.ts';

/** For the connection, which makes frames of them. */
export const statusText = (status: StatusFrame[1]): string => JSON.stringify(['status', status]);
export const failedText = (n: number, code: ErrorCode, text: string): string =>
  JSON.stringify(['failed', n, code, text]);
export const replyText = (request: number, message: unknown): string =>
  JSON.stringify(['reply', request, message]);
export const ackText = (n: number): string => `["ack",${n}]`;
export const deliveredText = (n: number): string => `["delivered",${n}]`;
export const pongText = '["pong"]';

/** For the socket itself. */
export const openedFrame = (opened: Opened): Buffer => textFrame(JSON.stringify(['opened', opened]));
export const byeFrame = (code: number, retryAfterMs: number): Buffer =>
  textFrame(JSON.stringify(['bye', code, retryAfterMs]));
export const pingFrame = textFrame('["ping"]');
