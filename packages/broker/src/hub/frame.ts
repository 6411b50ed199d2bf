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

const openingBracket = 0x5b;

/** Where the payload of a frame of ours begins. */
const payloadStart = (frame: Buffer): number => {
  const length = frame[1] ?? 0;
  return length < length16 ? 2 : length === length16 ? 4 : 10;
};

/**
 * A message as clients of `wsbroker.v1` are sent it. There the first character tells frames from messages, so one
 * that is a list gets a space before it, which JSON does not mind.
 */
export const asMessageFrame = (frame: Buffer): Buffer => {
  const start = payloadStart(frame);
  return frame[start] === openingBracket ? textFrame(` ${frame.toString('utf8', start)}`) : frame;
};
