/** A message as it goes over the wire: an object is encoded, a string is sent as it is. */
export const messageText = (message: unknown): string => {
  if (typeof message === 'string') return message;
  const text: unknown = JSON.stringify(message);
  if (typeof text !== 'string') {
    throw new TypeError(
      `The message is ${message === undefined ? 'undefined' : `a ${typeof message}`}, which JSON has not: expected an object, or a text that is sent as it is`,
    );
  }
  return text;
};

const finalText = 0x81;
const length16 = 126;
const length64 = 127;

/** Bytes of header before a payload of this length (RFC 6455, section 5.2: a server's frames have no mask). */
const headerBytes = (payloadBytes: number): number =>
  payloadBytes < length16 ? 2 : payloadBytes < 65_536 ? 4 : 10;

/** Finished frames, one after the other, which any number of sockets can be sent. */
export interface Frames {
  readonly bytes: Buffer;
  /** Where each of them ends. */
  readonly ends: readonly number[];
}

/** One that is finished. */
export const oneFrame = (frame: Buffer): Frames => ({ bytes: frame, ends: [frame.length] });

/** Writes the header of a text frame there. Returns where its payload begins. */
const writeHeader = (bytes: Buffer, at: number, payloadBytes: number): number => {
  const start = at + headerBytes(payloadBytes);
  bytes[at] = finalText;
  if (start === at + 2) {
    bytes[at + 1] = payloadBytes;
  } else if (start === at + 4) {
    bytes[at + 1] = length16;
    bytes.writeUInt16BE(payloadBytes, at + 2);
  } else {
    bytes[at + 1] = length64;
    bytes.writeBigUInt64BE(BigInt(payloadBytes), at + 2);
  }
  return start;
};

/** Gives a buffer of so many bytes, not cleared. */
export type Allocate = (bytes: number) => Buffer;

/** For what is written and forgotten. */
const fromNode: Allocate = (bytes) => Buffer.allocUnsafe(bytes);

/** A message as one finished text frame. */
export const textFrame = (text: string, allocate: Allocate = fromNode): Buffer => {
  const payloadBytes = Buffer.byteLength(text);
  const bytes = allocate(headerBytes(payloadBytes) + payloadBytes);
  bytes.write(text, writeHeader(bytes, 0, payloadBytes), 'utf8');
  return bytes;
};

/** Messages as finished text frames. */
export const textFrames = (texts: readonly string[], allocate: Allocate = fromNode): Frames => {
  const [only = ''] = texts;
  // Most are sent alone: without lists that take as long as the frame itself.
  if (texts.length === 1) return oneFrame(textFrame(only, allocate));
  const payloads = texts.map((text) => Buffer.byteLength(text));
  let end = 0;
  const ends = payloads.map((payloadBytes) => (end += headerBytes(payloadBytes) + payloadBytes));
  const bytes = allocate(end);
  let at = 0;
  for (const [n, text] of texts.entries()) {
    const start = writeHeader(bytes, at, payloads[n] ?? 0);
    at = start + bytes.write(text, start, 'utf8');
  }
  return { bytes, ends };
};

/**
 * Messages on their way to any number of connections: framed when the first is sent them, and never again.
 *
 * Clients of `wsbroker.v1` tell frames from messages by the first character. For them a message that is a list gets
 * a space before it, which JSON does not mind.
 */
export class Messages {
  readonly #texts: readonly string[];
  readonly #allocate: Allocate | undefined;
  #plain: Frames | undefined;
  #v1: Frames | undefined;

  constructor(texts: readonly string[], allocate?: Allocate) {
    this.#texts = texts;
    this.#allocate = allocate;
  }

  get plain(): Frames {
    this.#plain ??= textFrames(this.#texts, this.#allocate);
    return this.#plain;
  }

  get v1(): Frames {
    this.#v1 ??= this.#texts.some(isList)
      ? textFrames(
          this.#texts.map((text) => (isList(text) ? ` ${text}` : text)),
          this.#allocate,
        )
      : this.plain;
    return this.#v1;
  }
}

const isList = (text: string): boolean => text.startsWith('[');
