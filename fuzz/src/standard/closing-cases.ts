import { closeFrame, encodeFrame, opcodes } from '@wsbroker/testkit';
import {
  continuation,
  echo,
  hello,
  inFragments,
  messageOf,
  ping,
  type StandardCase,
  text,
} from './standard-case.ts';

/* Section 7: closing. */

const close = (payload: Uint8Array | string = ''): Buffer => encodeFrame({ opcode: opcodes.close, payload });

const order: StandardCase[] = [
  {
    id: '7.1.1',
    title: 'a message and then a close: both are answered',
    frames: [text(hello), closeFrame(1000)],
    expected: [echo(hello)],
    closes: 1000,
  },
  {
    id: '7.1.2',
    title: 'two closes: the first is answered',
    frames: [closeFrame(1000), closeFrame(1000)],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.1.3',
    title: 'a ping after a close is not answered',
    frames: [closeFrame(1000), ping('x')],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.1.4',
    title: 'a message after a close is not taken',
    frames: [closeFrame(1000), text(hello)],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.1.5',
    title: 'a close within a message ends it',
    frames: [...inFragments('{"p":1', '').slice(0, 1), closeFrame(1000), continuation('}')],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.1.6',
    title: 'a large message, a close and a ping: the message is answered whole',
    frames: [text(messageOf(262_144)), closeFrame(1000), ping('x')],
    expected: [echo(messageOf(262_144))],
    closes: 1000,
  },
];

const payloads: StandardCase[] = [
  {
    id: '7.3.1',
    title: 'a close without a code is answered with none',
    frames: [close()],
    expected: [],
    closes: 1005,
  },
  { id: '7.3.2', title: 'with half a code it is wrong', frames: [close('x')], expected: [], closes: 1002 },
  { id: '7.3.3', title: 'with a code', frames: [closeFrame(1000)], expected: [], closes: 1000 },
  {
    id: '7.3.4',
    title: 'with a code and a reason',
    frames: [closeFrame(1000, 'Hello World!')],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.3.5',
    title: 'with a reason of 123 bytes',
    frames: [closeFrame(1000, '*'.repeat(123))],
    expected: [],
    closes: 1000,
  },
  {
    id: '7.3.6',
    title: 'with a reason of 124 bytes it is too long',
    frames: [closeFrame(1000, '*'.repeat(124))],
    expected: [],
    closes: 1002,
  },
  {
    id: '7.5.1',
    title: 'with a reason that is no UTF-8',
    frames: [closeFrame(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080', 'hex'))],
    expected: [],
    closes: 1007,
  },
];

const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const wrongCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

const longCode = Buffer.from([0x00, 0x01, 0x00, 0x00]);

export const closingCases: readonly StandardCase[] = [
  ...order,
  ...payloads,
  ...codes.map((code, at): StandardCase => ({
    id: `7.7.${at + 1}`,
    title: `code ${code} may be sent, and comes back`,
    frames: [closeFrame(code)],
    expected: [],
    closes: code,
  })),
  ...wrongCodes.map((code, at): StandardCase => ({
    id: `7.9.${at + 1}`,
    title: `code ${code} may not be sent`,
    frames: [closeFrame(code)],
    expected: [],
    closes: 1002,
  })),
  {
    id: '7.13.1',
    title: 'code 5000 may not be sent',
    frames: [closeFrame(5000)],
    expected: [],
    closes: 1002,
  },
  {
    id: '7.13.2',
    title: 'nor 65536, whose first two bytes are the code 1',
    frames: [close(longCode)],
    expected: [],
    closes: 1002,
  },
];
