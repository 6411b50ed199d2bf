import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJsonObject, anyText, anyTyped } from '../test/arbitrary-json.ts';
import {
  type Body,
  type BodyEncoding,
  contentTypes,
  decodeCommandBody,
  decodeCommandList,
  decodeCommands,
  decodeNotification,
  encodeCommands,
  encodeNotification,
  notificationBody,
} from './body.ts';
import type { Decoded } from './decoded.ts';
import { JsonText } from './json-text.ts';

const encodings: BodyEncoding[] = ['form', 'json'];
const form = (text: string): Body => ({ contentType: contentTypes.form, text });
const json = (text: string): Body => ({ contentType: contentTypes.json, text });

const valueOf = <T>(result: Decoded<T>): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const errorOf = (result: Decoded<unknown>) => {
  if (result.ok) throw new Error(`no error, but ${JSON.stringify(result.value)}`);
  return result.error;
};

/** Compared as texts: key order and own keys named `__proto__` count, which deep equality would not see. */
const expectSame = (a: unknown, b: unknown): void => {
  expect(JSON.stringify(a)).toBe(JSON.stringify(b));
};

test('an event in a form is two fields of JSON', () => {
  const body = encodeNotification('form', {
    message: { type: 'client-say', text: 'a+b & c' },
    connection: {},
  });
  expect(body).toEqual({
    contentType: 'application/x-www-form-urlencoded',
    text: 'message=%7B%22type%22%3A%22client-say%22%2C%22text%22%3A%22a%2Bb%20%26%20c%22%7D&connection=%7B%7D',
  });
});

test('an event in JSON is one object with the same two keys', () => {
  const body = encodeNotification('json', {
    message: { type: 'session-connect' },
    connection: { ip: '::1' },
  });
  expect(body).toEqual({
    contentType: 'application/json',
    text: '{"message":{"type":"session-connect"},"connection":{"ip":"::1"}}',
  });
});

test('a notification body carries JSON texts as they are, numbers that JavaScript cannot hold included', () => {
  const body = notificationBody('json', '{"type":"client-a","id":12345678901234567890}', new JsonText('{}'));
  expect(body.text).toBe('{"message":{"type":"client-a","id":12345678901234567890},"connection":{}}');
  const text = notificationBody('form', '{"id":12345678901234567890}', new JsonText('{}')).text;
  expect(new URLSearchParams(text).get('message')).toBe('{"id":12345678901234567890}');
});

test('commands in a form are the field data, and in JSON the list itself', () => {
  const commands = [{ type: 'list' }];
  expect(encodeCommands('form', commands)).toEqual(form('data=%5B%7B%22type%22%3A%22list%22%7D%5D'));
  expect(encodeCommands('json', commands)).toEqual(json('[{"type":"list"}]'));
});

test.each(encodings)('every notification comes back as it was, in %s', (encoding) => {
  fc.assert(
    fc.property(anyTyped, anyJsonObject, (message, connection) => {
      const body = encodeNotification(encoding, { message, connection });
      const notification = valueOf(decodeNotification(body));
      expectSame(notification, { message, connection });
      expect(notification).toEqual({ message, connection });
    }),
    { numRuns: 500 },
  );
});

test.each(encodings)('every list of commands comes back as it was, in %s', (encoding) => {
  const anyCommand = anyTyped.filter(({ type }) => type !== '');
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 5 }), (commands) => {
      const body = encodeCommands(encoding, commands);
      expectSame(valueOf(decodeCommands(body)), commands);
      expectSame(valueOf(decodeCommandBody(body)), commands);
      expect(valueOf(decodeCommands(body))).toEqual(commands);
      if (encoding === 'json') expectSame(valueOf(decodeCommandList(body.text)), commands);
    }),
    { numRuns: 500 },
  );
});

test('keys named __proto__ come back as own keys, and change no prototype', () => {
  const text =
    '[{"type":"session","data":{"__proto__":{"x":1}},"match":{"__proto__":"y"},"__proto__":{"x":2}}]';
  const [command] = valueOf(decodeCommands(json(text)));
  expect(JSON.stringify([command])).toBe(text);
  expect(Object.getPrototypeOf(command)).toBe(Object.prototype);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

const decoders: [string, (body: Body) => Decoded<unknown>][] = [
  ['decodeNotification', decodeNotification],
  ['decodeCommandBody', decodeCommandBody],
  ['decodeCommands', decodeCommands],
  ['decodeCommandList', (body) => decodeCommandList(body.text)],
];

const anyContentType = fc.oneof(
  fc.constantFrom(contentTypes.form, contentTypes.json, '', 'text/plain', 'application/json; charset=utf-8'),
  anyText,
);
const almostJson = fc
  .tuple(fc.oneof(anyTyped, fc.array(anyTyped, { maxLength: 2 })), fc.nat(), anyText)
  .map(([value, at, junk]) => {
    const text = JSON.stringify(value);
    const place = at % (text.length + 1);
    return text.slice(0, place) + junk + text.slice(place);
  });
const anyBytes = fc.uint8Array({ maxLength: 64 }).map((bytes) => new TextDecoder().decode(bytes));
const garbage = fc
  .oneof(anyText, almostJson, anyBytes)
  .chain((text) =>
    fc.constantFrom(
      text,
      `data=${text}`,
      `data=${encodeURIComponent(text.toWellFormed())}`,
      `message=${encodeURIComponent(text.toWellFormed())}&connection=${encodeURIComponent(text.toWellFormed())}`,
      `{"message":${text},"connection":{}}`,
    ),
  );

test.each(decoders)('%s never throws, and its errors say what and where', (_name, decode) => {
  let refused = 0;
  fc.assert(
    fc.property(anyContentType, garbage, (contentType, text) => {
      const result = decode({ contentType, text });
      if (result.ok) return;
      refused += 1;
      const { code, message, issues } = result.error;
      expect(['not-json', 'bad-shape', 'bad-content-type']).toContain(code);
      expect(message).toMatch(/^The (content type|notification|list of commands|form field `\w+`) is /);
      expect(issues.length).toBeGreaterThan(0);
      for (const issue of issues) {
        expect(issue.message).not.toBe('');
        expect(issue.message).not.toBe('Invalid input');
      }
      if (code !== 'not-json') expect(message).toMatch(/expected/i);
    }),
    { numRuns: 2_000 },
  );
  expect(refused).toBeGreaterThan(500);
});

test.each<[string, Decoded<unknown>, object]>([
  [
    'a form without message',
    decodeNotification(form('connection={}')),
    { code: 'bad-shape', path: ['message'] },
  ],
  [
    'a form without connection',
    decodeNotification(form('message={}')),
    { code: 'bad-shape', path: ['connection'] },
  ],
  [
    'a message that is no JSON',
    decodeNotification(form('message=x&connection={}')),
    { code: 'not-json', path: ['message'] },
  ],
  [
    'a message without type',
    decodeNotification(form('message={}&connection={}')),
    { code: 'bad-shape', path: ['message', 'type'] },
  ],
  [
    'a connection that is a list',
    decodeNotification(json('{"message":{"type":"x"},"connection":[]}')),
    { code: 'bad-shape', path: ['connection'] },
  ],
  ['a JSON body that is a list', decodeNotification(json('[]')), { code: 'bad-shape', path: [] }],
  ['an empty JSON body', decodeNotification(json('')), { code: 'not-json', path: [] }],
  ['a form without data', decodeCommandBody(form('')), { code: 'bad-shape', path: ['data'] }],
  ['data that is no list', decodeCommandBody(form('data={}')), { code: 'bad-shape', path: ['data'] }],
  ['a JSON body that is no list', decodeCommandBody(json('{}')), { code: 'bad-shape', path: [] }],
  [
    'a command without type',
    decodeCommands(json('[{"type":"list"},{}]')),
    { code: 'bad-shape', path: [1, 'type'] },
  ],
  ['a command that is null', decodeCommands(json('[null]')), { code: 'bad-shape', path: [0] }],
  [
    'another content type',
    decodeCommandBody({ contentType: 'multipart/form-data; boundary=x', text: '' }),
    { code: 'bad-content-type', path: [] },
  ],
])('refuses %s', (_what, result, { code, path }: { code?: string; path?: unknown }) => {
  const error = errorOf(result);
  expect(error.code).toBe(code);
  expect(error.issues[0]?.path).toEqual(path);
});

test.each([
  ['null', 'null'],
  ['{}', 'an object'],
  ['"x"', 'a string'],
  ['1', 'a number'],
  ['true', 'a boolean'],
])('says that %s is no list of commands, and what one looks like', (text, kind) => {
  const expected = `is ${kind}: expected a list of commands, such as [{"type":"list"}], even for one`;
  expect(errorOf(decodeCommandList(text)).message).toBe(`The list of commands ${expected}`);
  expect(errorOf(decodeCommandBody(form(`data=${text}`))).message).toBe(
    `The form field \`data\` ${expected}`,
  );
});

test('decodeCommandBody and decodeCommandList leave the commands to be checked one by one', () => {
  expect(valueOf(decodeCommandBody(json('[null,{"type":1}]')))).toEqual([null, { type: 1 }]);
  expect(valueOf(decodeCommandList('[null]'))).toEqual([null]);
});

test('an empty list is a list', () => {
  for (const encoding of encodings) expect(valueOf(decodeCommands(encodeCommands(encoding, [])))).toEqual([]);
});

test('a byte order mark before a list of commands is ignored', () => {
  expect(valueOf(decodeCommandList('\u{FEFF}[{"type":"list"}]'))).toEqual([{ type: 'list' }]);
  expect(valueOf(decodeCommandBody(json('\u{FEFF}[]')))).toEqual([]);
  expect(errorOf(decodeCommandList('\u{FEFF}\u{FEFF}[]')).code).toBe('not-json');
});

test('of a content type only the part before ; counts, in any case', () => {
  for (const contentType of ['APPLICATION/JSON', ' application/json ;charset=latin1', 'application/json;']) {
    expect(valueOf(decodeCommandBody({ contentType, text: '[]' }))).toEqual([]);
  }
  const contentType = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8';
  expect(valueOf(decodeCommandBody({ contentType, text: 'data=[]' }))).toEqual([]);
});

test('no content type counts as a form', () => {
  expect(valueOf(decodeCommandBody({ contentType: '', text: 'data=[]' }))).toEqual([]);
});

test('other JSON types are refused, with the two that are taken', () => {
  for (const contentType of ['application/vnd.api+json', 'text/plain', 'text/json']) {
    expect(errorOf(decodeCommandBody({ contentType, text: '[]' })).message).toBe(
      `The content type is "${contentType}": expected application/x-www-form-urlencoded or application/json`,
    );
  }
});

test('a very deep list is taken without overflowing the stack', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(valueOf(decodeCommandList(deep))).toHaveLength(1);
});
