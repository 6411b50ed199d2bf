import { closeFrame, opcodes } from '@wsbroker/testkit';
import { openWebSocket, type Wire } from '../wire.ts';
import type { Expected, StandardCase } from './standard-case.ts';

const writesOf = ({ frames, chop = 'one' }: StandardCase): Buffer[] => {
  if (chop === 'frames') return [...frames];
  const all = Buffer.concat(frames);
  if (chop === 'one') return [all];
  const count = Math.ceil(all.length / chop);
  return Array.from({ length: count }, (_, at) => all.subarray(at * chop, (at + 1) * chop));
};

/** What was sent before the close frame, as a case expects it. */
const seenOn = (wire: Wire): Expected[] =>
  wire.server.frames
    .filter(({ opcode }) => opcode !== opcodes.close)
    .map(({ opcode, payload }): Expected => {
      if (opcode === opcodes.pong) return { kind: 'pong', payload: payload.toString('latin1') };
      const text = payload.toString();
      return text.startsWith('{"type":"broker-error"') ? { kind: 'refused' } : { kind: 'echo', text };
    });

/** Runs a case; gives what the broker sent, and the code that it closed with. */
export const runCase = async (
  port: number,
  standardCase: StandardCase,
): Promise<{ seen: Expected[]; closes: number | undefined }> => {
  using wire = await openWebSocket(port);
  for (const bytes of writesOf(standardCase)) {
    wire.write(bytes);
    await new Promise(setImmediate);
  }
  if (standardCase.closes === undefined) {
    await wire.until('all answers', () =>
      wire.server.frames.length >= standardCase.expected.length || wire.server.closeCode !== undefined
        ? true
        : undefined,
    );
    wire.write(closeFrame(1000));
  }
  // The server is the one that ends the connection.
  await wire.ended();
  return { seen: seenOn(wire), closes: wire.server.closeCode };
};
