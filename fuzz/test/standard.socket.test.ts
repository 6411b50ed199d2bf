/** The cases of the Autobahn TestSuite for a server without compression, by their numbers: see the README. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { describe, expect, test } from 'vitest';
import { acceptFor, openWebSocket, websocketKey } from '../src/wire.ts';
import { encodeFrame } from '@wsbroker/testkit';
import { closingCases } from '../src/standard/closing-cases.ts';
import { framingCases } from '../src/standard/framing-cases.ts';
import { limitCases } from '../src/standard/limit-cases.ts';
import { runCase } from '../src/standard/run-case.ts';
import { hello, inFragmentsOf, messageOf, type StandardCase, text } from '../src/standard/standard-case.ts';
import { utf8Cases } from '../src/standard/utf8-cases.ts';

const mebi = 1_048_576;

const largeLimits: Partial<BrokerOptions> = {
  maxMessageBytes: 16 * mebi,
  maxFragments: 16_384,
  maxUnreadBytes: 64 * mebi,
  messagesPerSecond: 100_000,
  messageBurst: 100_000,
};

/** A broker that says each message back. */
const startEcho = async (options: Partial<BrokerOptions>) => {
  const broker = Broker({
    port: 0,
    host: '127.0.0.1',
    log: false,
    handshakesPerSecond: 100_000,
    ...options,
    onClientMessage: (message, connection) => connection.send(message),
  });
  await broker.ready;
  return broker;
};

const check = async (standardCase: StandardCase, options: Partial<BrokerOptions> = {}): Promise<void> => {
  await using broker = await startEcho(options);
  const { seen, closes } = await runCase(broker.port, standardCase);
  expect(closes).toBe(standardCase.closes ?? 1000);
  // A difference within 16 MiB is nothing to print.
  const isSame = JSON.stringify(seen) === JSON.stringify(standardCase.expected);
  if (!isSame)
    expect(JSON.stringify(seen).slice(0, 1_000)).toBe(JSON.stringify(standardCase.expected).slice(0, 1_000));
  expect(isSame).toBe(true);
};

describe('1 to 5 and 10: frames, pings, reserved bits and opcodes, fragments', () => {
  test.for(framingCases)('$id: $title', (each) => check(each));
});

describe('6: UTF-8', () => {
  test.for(utf8Cases)('$id: $title', (each) => check(each));
});

describe('7: closing', () => {
  test.for(closingCases)('$id: $title', (each) => check(each, largeLimits));
});

describe('9: large messages and many of them', () => {
  test.for(limitCases)('$id: $title', (each) => check(each, largeLimits));

  test('9.3.1, 9.3.2: more frames than `maxFragments` are not collected', async () => {
    const frames = inFragmentsOf(messageOf(17_000), 1);
    await check({ id: '9.3.1', title: '', frames, expected: [], closes: 1008 }, largeLimits);
  });
});

test('12, 13: no extension is agreed to, and a compressed message closes', async () => {
  await using broker = await startEcho({});
  const offer =
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame';
  using wire = await openWebSocket(broker.port, { headers: [offer] });
  expect(wire.head).toContain(`Sec-WebSocket-Accept: ${acceptFor(websocketKey)}`);
  expect(wire.head).not.toMatch(/extensions/i);
  wire.write(encodeFrame({ opcode: 1, payload: hello, reserved: 4 }));
  await wire.ended();
  expect(wire.server.closeCode).toBe(1002);
});

test('a frame without a mask closes', async () => {
  await check({ id: '', title: '', frames: [text(hello, { mask: false })], expected: [], closes: 1002 });
});
