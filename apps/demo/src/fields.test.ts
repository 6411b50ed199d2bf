import { expect, test } from 'vitest';
import {
  maxNameLength,
  maxRoomLength,
  maxTextLength,
  nameProblem,
  roomProblem,
  textProblem,
  tidyName,
  tidyRoom,
  tidyText,
} from './fields.ts';

test.each(['Ada', 'Åsa', '李明', "O'Brien", 'Jean-Luc P.', 'R2 D2', 'ज्ञान'])('takes %s as a name', (name) => {
  expect(nameProblem(name)).toBeUndefined();
});

test.each(['', ' ', ' Ada', '*', '-', '<b>', 'Ada\nBob', 'Ada\u202e', 'x'.repeat(maxNameLength + 1)])(
  'refuses %j as a name',
  (name) => {
    expect(nameProblem(name)).toBeTypeOf('string');
  },
);

test.each(['lobby', 'coffee-corner', 'zimmer_7', 'комната', 'constructor'])('takes %s as a room', (room) => {
  expect(roomProblem(room)).toBeUndefined();
});

// `*` would match every connection, and what differs in case alone matches the same ones.
test.each(['', '*', 'Lobby', 'a b', '#a', '__proto__', '../x', 'x'.repeat(maxRoomLength + 1)])(
  'refuses %j as a room',
  (room) => {
    expect(roomProblem(room)).toBeTypeOf('string');
  },
);

test('takes a text with line breaks up to the limit, and nothing longer, empty or with control characters', () => {
  expect(textProblem('one\n\ttwo')).toBeUndefined();
  expect(textProblem('x'.repeat(maxTextLength))).toBeUndefined();
  expect(textProblem('x'.repeat(maxTextLength + 1))).toContain(String(maxTextLength + 1));
  expect(textProblem(' \n ')).toBeTypeOf('string');
  expect(textProblem('a\u0000b')).toBeTypeOf('string');
  expect(textProblem('a\u001b[31m')).toBeTypeOf('string');
});

test('what was tidied passes where its meaning allows', () => {
  expect(tidyName('  Ada   Lovelace ')).toBe('Ada Lovelace');
  expect(tidyRoom(' ##Coffee  Corner ')).toBe('coffee-corner');
  expect(tidyText(' a\r\nb\rc\u0007 \n')).toBe('a\nb\nc');
  // Two ways to write the same letter give the same room.
  expect(tidyRoom('Caf\u0065\u0301')).toBe(tidyRoom('caf\u00e9'));
});
