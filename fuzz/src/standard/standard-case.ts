import { encodeFrame, type FrameParts, opcodes } from '@wsbroker/testkit';

/** What the broker has to send, in order. */
export type Expected =
  | { readonly kind: 'echo'; readonly text: string }
  | { readonly kind: 'pong'; readonly payload: string }
  /** A `broker-error`: the frame is right, and what is in it is no message. */
  | { readonly kind: 'refused' };

/** One case of the Autobahn TestSuite, by its number. */
export interface StandardCase {
  readonly id: string;
  readonly title: string;
  readonly frames: readonly Buffer[];
  /** How the bytes are cut into writes: all in one, a frame each, or so many octets each. @default 'one' */
  readonly chop?: 'one' | 'frames' | number;
  readonly expected: readonly Expected[];
  /**
   * The code in the broker's close frame, 1005 for none in it. Without it the socket stays open, and the client's own
   * close with 1000 is answered with the same.
   */
  readonly closes?: number;
}

export const echo = (text: string): Expected => ({ kind: 'echo', text });
export const pong = (payload: Uint8Array | string): Expected => ({
  kind: 'pong',
  payload: Buffer.from(payload).toString('latin1'),
});
export const refused: Expected = { kind: 'refused' };

/** A JSON object of so many bytes, at least 8; what the suite fills with asterisks. */
export const messageOf = (bytes: number): string => `{"p":"${'*'.repeat(bytes - 8)}"}`;

export const hello = '{"p":"Hello, world!"}';

export const text = (payload: Uint8Array | string, more: Partial<FrameParts> = {}): Buffer =>
  encodeFrame({ opcode: opcodes.text, payload, ...more });
export const continuation = (payload: Uint8Array | string, more: Partial<FrameParts> = {}): Buffer =>
  encodeFrame({ opcode: opcodes.continuation, payload, ...more });
export const binary = (payload: Uint8Array | string): Buffer =>
  encodeFrame({ opcode: opcodes.binary, payload });
export const ping = (payload: Uint8Array | string = '', more: Partial<FrameParts> = {}): Buffer =>
  encodeFrame({ opcode: opcodes.ping, payload, ...more });
export const pongFrame = (payload: Uint8Array | string = '', more: Partial<FrameParts> = {}): Buffer =>
  encodeFrame({ opcode: opcodes.pong, payload, ...more });

/** A text in as many frames as there are parts. */
export const inFragments = (...parts: readonly (Uint8Array | string)[]): Buffer[] =>
  parts.map((part, at) => {
    const isLast = at === parts.length - 1;
    return at === 0 ? text(part, { isLast }) : continuation(part, { isLast });
  });

/** The same with parts of so many bytes. */
export const inFragmentsOf = (whole: Uint8Array | string, size: number): Buffer[] => {
  const bytes = Buffer.from(whole);
  const count = Math.ceil(bytes.length / size);
  return inFragments(...Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)));
};
