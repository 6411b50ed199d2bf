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

/** A message as one finished text frame, which any number of sockets can be sent. */
export const textFrame = (text: string): Buffer => {
  const payloadBytes = Buffer.byteLength(text);
  const start = headerBytes(payloadBytes);
  const frame = Buffer.allocUnsafe(start + payloadBytes);
  frame[0] = finalText;
  if (start === 2) {
    frame[1] = payloadBytes;
  } else if (start === 4) {
    frame[1] = length16;
    frame.writeUInt16BE(payloadBytes, 2);
  } else {
    frame[1] = length64;
    frame.writeBigUInt64BE(BigInt(payloadBytes), 2);
  }
  frame.write(text, start, 'utf8');
  return frame;
};

/**
 * A message on its way to any number of connections: framed when the first is sent it, and never again.
 *
 * Clients of `wsbroker.v1` tell frames from messages by the first character. For them a message that is a list gets
 * a space before it, which JSON does not mind.
 */
export class MessageFrame {
  readonly #text: string;
  #plain: Buffer | undefined;
  #v1: Buffer | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get plain(): Buffer {
    this.#plain ??= textFrame(this.#text);
    return this.#plain;
  }

  get v1(): Buffer {
    this.#v1 ??= this.#text.startsWith('[') ? textFrame(` ${this.#text}`) : this.plain;
    return this.#v1;
  }
}
