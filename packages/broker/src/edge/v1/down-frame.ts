import type { ErrorCode, Opened, StatusFrame } from '@wsbroker/protocol';
import { textFrame } from '../../hub/frame.ts';

const encoded = (frame: readonly unknown[]): Buffer => textFrame(JSON.stringify(frame));

export const openedFrame = (opened: Opened): Buffer => encoded(['opened', opened]);
export const statusFrame = (status: StatusFrame[1]): Buffer => encoded(['status', status]);
export const byeFrame = (code: number, retryAfterMs: number): Buffer => encoded(['bye', code, retryAfterMs]);
export const failedFrame = (n: number, code: ErrorCode, text: string): Buffer =>
  encoded(['failed', n, code, text]);
export const replyFrame = (request: number, message: unknown): Buffer => encoded(['reply', request, message]);
export const ackFrame = (n: number): Buffer => textFrame(`["ack",${n}]`);
export const deliveredFrame = (n: number): Buffer => textFrame(`["delivered",${n}]`);
export const pongFrame = textFrame('["pong"]');
export const pingFrame = textFrame('["ping"]');
