/** What a frame's header says, and what follows it. */
export interface Frame {
  readonly isLast: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved: number;
  readonly opcode: number;
  readonly isMasked: boolean;
  readonly payload: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** How the length is written: shortest form, or a longer one than needed. */
type LengthForm = 'shortest' | '16' | '64';

export interface FrameParts {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  readonly isLast?: boolean;
  readonly reserved?: number;
  /** `false`: the bit is not set and there is no key, which only a server may do. */
  readonly mask?: Uint8Array | false;
  /** Another length than the payload's. */
  readonly length?: number | bigint;
  readonly lengthForm?: LengthForm;
}

const lengthBytes = (length: bigint, form: LengthForm): Buffer => {
  if (form === '64' || length > 0xffffn) {
    const bytes = Buffer.alloc(9);
    bytes[0] = 127;
    bytes.writeBigUInt64BE(BigInt.asUintN(64, length), 1);
    return bytes;
  }
  if (form === '16' || length > 125n) return Buffer.from([126, Number(length >> 8n), Number(length & 0xffn)]);
  return Buffer.from([Number(length)]);
};

/** Masks, and takes the mask off again. */
const xored = (bytes: Uint8Array, mask: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => byte ^ (mask[at & 3] ?? 0));

/** The bytes of a frame as a client sends it, or as none should. */
export const encodeFrame = (parts: FrameParts): Buffer => {
  const payload = Buffer.from(parts.payload ?? '');
  const mask = parts.mask === undefined ? Buffer.from([0x37, 0xfa, 0x21, 0x3d]) : parts.mask;
  const first = (parts.isLast === false ? 0 : 0x80) | ((parts.reserved ?? 0) << 4) | (parts.opcode & 0x0f);
  const length = lengthBytes(BigInt(parts.length ?? payload.length), parts.lengthForm ?? 'shortest');
  if (mask === false) return Buffer.concat([Buffer.from([first]), length, payload]);
  length[0] = (length[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.from([first]), length, mask, xored(payload, mask)]);
};

export const textFrame = (text: string): Buffer => encodeFrame({ opcode: opcodes.text, payload: text });

/** A close frame with a code, and the bytes of a reason. */
export const closeFrame = (code: number, reason: Uint8Array | string = ''): Buffer => {
  const bytes = Buffer.from(reason);
  const payload = Buffer.alloc(2 + bytes.length);
  payload.writeUInt16BE(code);
  bytes.copy(payload, 2);
  return encodeFrame({ opcode: opcodes.close, payload });
};

/** How many bytes the frame at the beginning of these takes in all; undefined when too few of them are there. */
export const frameSize = (bytes: Buffer): number | undefined => {
  const [, second = 0] = bytes;
  const short = second & 0x7f;
  const lengthSize = short === 127 ? 8 : short === 126 ? 2 : 0;
  const start = 2 + lengthSize + (second > 0x7f ? 4 : 0);
  if (bytes.length < start) return undefined;
  if (lengthSize === 8) return start + Number(bytes.readBigUInt64BE(2));
  return start + (lengthSize === 2 ? bytes.readUInt16BE(2) : short);
};

/** The frame at the beginning of these bytes; undefined when it is not all there. */
export const decodeFrame = (bytes: Buffer): { frame: Frame; size: number } | undefined => {
  const size = frameSize(bytes);
  if (size === undefined || bytes.length < size) return undefined;
  const [first = 0, second = 0] = bytes;
  const isMasked = second > 0x7f;
  const short = second & 0x7f;
  const start = (short === 127 ? 10 : short === 126 ? 4 : 2) + (isMasked ? 4 : 0);
  const sent = bytes.subarray(start, size);
  const payload = Buffer.from(isMasked ? xored(sent, bytes.subarray(start - 4, start)) : sent);
  return {
    frame: {
      isLast: (first & 0x80) !== 0,
      reserved: (first >> 4) & 7,
      opcode: first & 0x0f,
      isMasked,
      payload,
    },
    size,
  };
};
