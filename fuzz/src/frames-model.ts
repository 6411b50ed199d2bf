import { isUtf8 } from 'node:buffer';
import { opcodes } from '@wsbroker/testkit';

/** What has to become of the bytes of a client, by RFC 6455 and the broker's limits. */
export interface Reading {
  /** Every whole message. */
  readonly messages: readonly { readonly isText: boolean; readonly payload: Buffer }[];
  /** The payload of every ping, in order. */
  readonly pings: readonly Buffer[];
  /**
   * The close code that has to come back: what a client closed with, or what says what is wrong. Several where a
   * frame is wrong in several ways; none where the bytes just end.
   */
  readonly closeCodes: readonly number[];
}

export interface ReadingLimits {
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}

const isDefined = (opcode: number): boolean => opcode <= opcodes.binary || (opcode >= 8 && opcode <= 10);

/** Codes that may stand in a close frame (section 7.4, and those that the registry has added since). */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);

/** Another reader of frames than the broker's: all bytes at once, nothing in chunks, the first fault ends it. */
export class FramesModel {
  readonly #limits: ReadingLimits;
  readonly #messages: { isText: boolean; payload: Buffer }[] = [];
  readonly #pings: Buffer[] = [];
  #closeCodes: number[] = [];
  /** The message whose last frame has not come. */
  #open: { isText: boolean; parts: Buffer[]; frames: number; bytes: number } | undefined;

  private constructor(limits: ReadingLimits) {
    this.#limits = limits;
  }

  static read(bytes: Buffer, limits: ReadingLimits): Reading {
    const model = new FramesModel(limits);
    for (let at: number | undefined = 0; at !== undefined;) at = model.#frame(bytes, at);
    return { messages: model.#messages, pings: model.#pings, closeCodes: model.#closeCodes };
  }

  /** Where the next frame begins; undefined when there is none to be read. */
  #frame(bytes: Buffer, at: number): number | undefined {
    if (bytes.length < at + 2) return undefined;
    const [first = 0, second = 0] = bytes.subarray(at, at + 2);
    const opcode = first & 0x0f;
    const isLast = (first & 0x80) !== 0;
    const short = second & 0x7f;
    if (this.#isHeadWrong({ opcode, isLast, short, reserved: first & 0x70, isMasked: second > 0x7f })) {
      return this.#fail(1002);
    }
    const lengthSize = short === 127 ? 8 : short === 126 ? 2 : 0;
    const start = at + 2 + lengthSize + 4;
    if (bytes.length < at + 2 + lengthSize) return undefined;
    const length =
      lengthSize === 8
        ? bytes.readBigUInt64BE(at + 2)
        : BigInt(lengthSize === 2 ? bytes.readUInt16BE(at + 2) : short);
    const before = this.#open?.bytes ?? 0;
    if (opcode <= opcodes.binary && length > this.#limits.maxMessageBytes - before) {
      // The first bit of a length of 64 must not be set.
      return length >= 2n ** 63n ? this.#fail(1009, 1002) : this.#fail(1009);
    }
    const end = start + Number(length);
    if (bytes.length < end) return undefined;
    const mask = bytes.subarray(start - 4, start);
    const payload = Buffer.from(
      bytes.subarray(start, end).map((byte, place) => byte ^ (mask[place % 4] ?? 0)),
    );
    const isRead =
      opcode <= opcodes.binary ? this.#data(opcode, isLast, payload) : this.#control(opcode, payload);
    return isRead ? end : undefined;
  }

  #isHeadWrong({ opcode, isLast, short, reserved, isMasked }: FrameHead): boolean {
    if (reserved !== 0 || !isMasked || !isDefined(opcode)) return true;
    if (opcode >= opcodes.close) return !isLast || short > 125 || (opcode === opcodes.close && short === 1);
    return (opcode === opcodes.continuation) === (this.#open === undefined);
  }

  #data(opcode: number, isLast: boolean, payload: Buffer): boolean {
    const open = (this.#open ??= { isText: opcode === opcodes.text, parts: [], frames: 0, bytes: 0 });
    open.parts.push(payload);
    open.frames += 1;
    open.bytes += payload.length;
    if (open.frames > this.#limits.maxFragments) return this.#fail(1008) !== undefined;
    if (!isLast) return true;
    this.#open = undefined;
    const whole = Buffer.concat(open.parts);
    if (open.isText && !isUtf8(whole)) return this.#fail(1007) !== undefined;
    this.#messages.push({ isText: open.isText, payload: whole });
    return true;
  }

  #control(opcode: number, payload: Buffer): boolean {
    if (opcode === opcodes.ping) this.#pings.push(payload);
    if (opcode !== opcodes.close) return true;
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE();
    if (payload.length > 0 && !isSendable(code)) this.#fail(1002);
    else if (!isUtf8(payload.subarray(2))) this.#fail(1007);
    else this.#fail(code);
    return false;
  }

  #fail(...codes: number[]): undefined {
    this.#closeCodes = codes;
  }
}

interface FrameHead {
  readonly opcode: number;
  readonly isLast: boolean;
  /** The length in seven bits, or what announces a longer one. */
  readonly short: number;
  readonly reserved: number;
  readonly isMasked: boolean;
}
