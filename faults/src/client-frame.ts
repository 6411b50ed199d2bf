import { decodeFrame, encodeFrame, opcodes } from '@wsbroker/testkit';

/** Frames of a client that chooses every bit of them, and the frames that it is sent. */
export interface FrameShape {
  /** @default 1, text */
  readonly opcode?: number;
  /** Whether it is the last one of its message. @default true */
  readonly isLast?: boolean;
  /** The bit that says compressed. @default false */
  readonly isCompressed?: boolean;
  /** What it claims to hold. @default what it holds */
  readonly claimedBytes?: number;
}

/** Zeros: a client has to mask, and nobody demands that it hides anything. */
const mask = Buffer.alloc(4);

export const clientFrame = (
  payload: string | Buffer,
  { opcode = opcodes.text, isLast = true, isCompressed = false, claimedBytes }: FrameShape = {},
): Buffer =>
  encodeFrame({
    opcode,
    payload,
    isLast,
    reserved: isCompressed ? 4 : 0,
    mask,
    ...(claimedBytes === undefined ? {} : { length: claimedBytes }),
  });

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Cuts what a broker sends into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): ServerFrame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: ServerFrame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): ServerFrame | undefined {
    const decoded = decodeFrame(this.#rest);
    if (!decoded) return undefined;
    this.#rest = this.#rest.subarray(decoded.size);
    return decoded.frame;
  }
}
