import { isUtf8 } from 'node:buffer';
import { decodeFrame, type Frame, frameSize, opcodes } from '@wsbroker/testkit';

/** Codes that a broker may close with: of the standard those that can be sent, and its own. */
const mayClose = (code: number): boolean =>
  [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013].includes(code) ||
  (code >= 3000 && code <= 4999);

/** Reads what a broker sends, and throws at anything that no server may send. */
export class ServerFrames {
  readonly frames: Frame[] = [];
  /** What came of a frame that is not whole yet, and how much it has to be. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wantedBytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wantedBytes) return;
    let rest = Buffer.concat(this.#chunks);
    for (let next = decodeFrame(rest); next; next = decodeFrame(rest)) {
      this.#check(next.frame);
      this.frames.push(next.frame);
      rest = rest.subarray(next.size);
    }
    this.#chunks = [rest];
    this.#bytes = rest.length;
    this.#wantedBytes = frameSize(rest) ?? 0;
  }

  /** Of its close frame: the code, 1005 when there is none in it; undefined before there is one. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === opcodes.close);
    if (!close) return undefined;
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE();
  }

  /** Every text so far, parsed. */
  get texts(): unknown[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => JSON.parse(payload.toString()) as unknown);
  }

  #check({ isLast, reserved, opcode, isMasked, payload }: Frame): void {
    const wrong = (what: string): never => {
      throw new Error(`the broker sent ${what}: opcode ${opcode}, ${payload.subarray(0, 200).toString()}`);
    };
    if (this.closeCode !== undefined) wrong('a frame after its close frame');
    if (isMasked) wrong('a masked frame');
    if (reserved !== 0) wrong('reserved bits');
    if (!isLast) wrong('a fragment');
    if (opcode === opcodes.close) return this.#checkClose(payload, wrong);
    if (opcode === opcodes.ping || opcode === opcodes.pong) {
      if (payload.length > 125) wrong('a control frame that is too long');
      return;
    }
    if (opcode !== opcodes.text) wrong('an opcode that it never uses');
    if (!isUtf8(payload)) wrong('a text that is no UTF-8');
  }

  #checkClose(payload: Buffer, wrong: (what: string) => never): void {
    if (payload.length === 0) return;
    if (payload.length === 1 || payload.length > 125) wrong('a close frame of a wrong length');
    if (!isUtf8(payload.subarray(2))) wrong('a reason that is no UTF-8');
    const code = payload.readUInt16BE();
    // Whatever valid code a client closes with comes back; the model of the frames property compares it.
    if (!mayClose(code) && code !== 1010 && code !== 1014) wrong(`the close code ${code}`);
  }
}
