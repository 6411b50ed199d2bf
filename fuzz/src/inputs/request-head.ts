import * as fc from 'fast-check';
import { websocketKey } from '../wire.ts';
import { weighted } from './weighted.ts';

/* The head of a request, line by line: an honest handshake, with lines that are wrong, twice there, or left out. */

const oneOf = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

const oddText = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)),
);

/** Mostly the right one. */
const value = (right: string, ...wrong: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(weighted(6, fc.constant(right)), weighted(2, oneOf(right, ...wrong)), weighted(1, oddText));

const requestLine = fc
  .tuple(
    value('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'CONNECT', 'TRACE', 'DELETE', 'get', 'PRI', 'G ET', ''),
    value(
      '/',
      '/x?y=1',
      '*',
      'http://other/',
      '//',
      '//evil/',
      '/%',
      '/%00',
      '/../..',
      '/a b',
      '',
      '?',
      '/#',
      '/é',
    ),
    value('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 x', ''),
  )
  .map((parts) => parts.join(' '));

/** Those of a handshake, and what comes instead. */
const needed: readonly (readonly [name: string, value: fc.Arbitrary<string>])[] = [
  [
    'Host',
    value('broker', '', '[', ':', 'broker:1', 'broker:99999', '[::1]:80', 'é', 'a,b', 'broker@evil', 'a b'),
  ],
  ['Connection', value('Upgrade', 'upgrade, close', 'keep-alive', 'Upgrade, Upgrade', ',', 'close')],
  ['Upgrade', value('websocket', 'WebSocket', 'h2c', 'websocket, x', 'websocket/13', '')],
  ['Sec-WebSocket-Version', value('13', '8', '0', '-13', '13, 8', '1e1', '')],
  [
    'Sec-WebSocket-Key',
    value(websocketKey, 'short==', '', 'A'.repeat(24), `${websocketKey},${websocketKey}`),
  ],
];

const more = fc.oneof(
  ...(
    [
      [
        'Sec-WebSocket-Protocol',
        oneOf('wsbroker.v1', 'a', 'a, a', ',,', 'wsbroker.v2', '(', 'a b', 'chat, wsbroker.v1'),
      ],
      [
        'Sec-WebSocket-Extensions',
        oneOf('permessage-deflate', 'permessage-deflate; x=', ';;', 'a; b="\\', ','),
      ],
      [
        'Origin',
        oneOf(
          'http://broker',
          'http://broker:8',
          'null',
          'http://evil',
          '://',
          'http://[',
          '%',
          'http://broker.evil',
          'http://broker, http://evil',
          'http://evil/broker',
          'http://broker@evil',
          '',
        ),
      ],
      [
        'X-Forwarded-For',
        oneOf('1.2.3.4', ',,,', '::', '1.2.3.4:99999', '[', '%00', '10.0.0.1, 8.8.8.8', '1.2.3.4, x'),
      ],
      ['Cookie', oneOf('a=b', '__proto__=1', '=', ';;', 'ip=1; wskey=2', '"', 'a="b')],
      ['Content-Length', oneOf('0', '5', '-1', '1e9', '5, 6', 'x', '99999999999999999999', '+5')],
      [
        'Transfer-Encoding',
        oneOf('chunked', 'gzip, chunked', 'chunked, gzip', 'x', 'chunked, chunked', ' chunked'),
      ],
      ['Content-Type', oneOf('application/json', 'application/x-www-form-urlencoded', 'x', '')],
      ['Expect', oneOf('100-continue', 'x')],
      ['Authorization', oneOf('Basic x', 'Bearer')],
      ['webhook-id', oneOf('a', '')],
      ['Host', oneOf('evil', 'broker')],
    ] as const
  ).map(([name, values]) => fc.tuple(fc.constant(name), fc.oneof(weighted(5, values), weighted(1, oddText)))),
  fc.tuple(
    oneOf(
      'X',
      'X-Real-IP',
      'Forwarded',
      'Via',
      '__proto__',
      'constructor',
      ' X',
      'X ',
      'X\t',
      '',
      'é',
      'X(',
      ':',
    ),
    oddText,
  ),
);

const headerLine = fc
  .tuple(more, value(': ', ':', ' : ', ':\t', '', ':\r\n '))
  .map(([[name, text], between]) => `${name}${between}${text}`);

const neededLines = fc
  .tuple(
    ...needed.map(([name, values]) =>
      fc.tuple(values, fc.nat({ max: 20 })).map(([text, roll]) => (roll === 0 ? [] : [`${name}: ${text}`])),
    ),
  )
  .map((lines) => lines.flat());

const lineEnd = fc.oneof(
  weighted(20, fc.constant('\r\n')),
  weighted(1, oneOf('\n', '\r', '\r\n\r\n', '\0\r\n', '\n\r')),
);

const after = fc.oneof(
  weighted(5, fc.constant('')),
  weighted(
    1,
    oneOf('data=[]', '[]', '5\r\nhello\r\n0\r\n\r\n', 'ffffffffff\r\n', '-1\r\n', '0\r\n\r\n', '5;a=b\r\nx'),
  ),
  weighted(
    1,
    oneOf(
      'GET / HTTP/1.1\r\nHost: broker\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: broker\r\nContent-Length: 2\r\n\r\n[]',
    ),
  ),
  weighted(
    1,
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ),
);

/** The bytes of a request, one character each. */
export const requestText: fc.Arbitrary<string> = fc
  .tuple(
    requestLine,
    neededLines,
    fc.oneof(
      weighted(12, fc.array(headerLine, { maxLength: 4 })),
      weighted(1, fc.constant(Array<string>(300).fill('X: y'))),
    ),
    lineEnd,
    fc.boolean(),
    after,
  )
  .map(([first, honest, others, end, isMoreFirst, rest]) => {
    const lines = isMoreFirst ? [first, ...others, ...honest] : [first, ...honest, ...others];
    return `${lines.join(end)}${end}${end}${rest}`;
  });
