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

export const opcodes = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Masked with zeros: a client has to mask, and nobody demands that it hides anything. */
const mask = Buffer.alloc(4);

export const clientFrame = (
  payload: string | Buffer,
  { opcode = opcodes.text, isLast = true, isCompressed = false, claimedBytes }: FrameShape = {},
): Buffer => {
  const bytes = Buffer.from(payload);
  const length = claimedBytes ?? bytes.length;
  const first = (isLast ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  return Buffer.concat([Buffer.from([first]), lengthBytes(length), mask, bytes]);
};

const lengthBytes = (length: number): Buffer => {
  if (length < 126) return Buffer.from([0x80 | length]);
  if (length < 65_536) {
    const bytes = Buffer.from([0x80 | 126, 0, 0]);
    bytes.writeUInt16BE(length, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x80 | 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
};

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
    const [first, short] = this.#rest;
    if (first === undefined || short === undefined) return undefined;
    const extraBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (this.#rest.length < 2 + extraBytes) return undefined;
    const length =
      extraBytes === 8
        ? Number(this.#rest.readBigUInt64BE(2))
        : extraBytes === 2
          ? this.#rest.readUInt16BE(2)
          : short;
    const end = 2 + extraBytes + length;
    if (this.#rest.length < end) return undefined;
    const payload = this.#rest.subarray(2 + extraBytes, end);
    this.#rest = this.#rest.subarray(end);
    return { opcode: first & 0x0f, payload };
  }
}
