/*
 * What a name, a room and a line may look like. The contract refuses what does not fit, and the page says it
 * at the field: both ask here. No validator is imported, so that none ends up in the browser's bundle.
 *
 * Each check gives a sentence for the person at the keyboard, or nothing when all is well.
 */

export const maxNameLength = 24;
export const maxRoomLength = 24;
export const maxTextLength = 1_000;

/** Where one lands without having chosen. It is always there. */
export const firstRoom = 'lobby';

// Letters of any script. Not `*`, which would match every connection where a name is used as criteria.
const namePattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .'’_-]*$/u;
const roomPattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u;
/** Line breaks and tabs are text; other control characters are not. */
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

export const nameProblem = (name: string): string | undefined => {
  if (name.trim() === '') return 'What shall we call you?';
  if (name !== name.trim()) return 'A name has no space before or after it.';
  if (name.length > maxNameLength) return `At most ${maxNameLength} characters; this has ${name.length}.`;
  if (!namePattern.test(name)) return "Letters, digits, spaces and . ' - _ only, a letter or digit first.";
  return undefined;
};

/**
 * Rooms are lower case throughout: criteria do not tell `Lobby` from `lobby`, and so two rooms that differ
 * in case alone would hear each other.
 */
export const roomProblem = (room: string): string | undefined => {
  if (room === '') return 'What is the room called?';
  if (room.length > maxRoomLength) return `At most ${maxRoomLength} characters; this has ${room.length}.`;
  if (!roomPattern.test(room)) return 'Letters, digits, - and _ only, a letter or digit first.';
  if (room !== room.toLowerCase()) return 'Rooms are written in lower case.';
  return undefined;
};

export const textProblem = (text: string): string | undefined => {
  if (text.trim() === '') return 'The line is empty.';
  if (text.length > maxTextLength) return `At most ${maxTextLength} characters; this has ${text.length}.`;
  if (controlCharacter.test(text)) return 'The line has control characters, which cannot be shown.';
  return undefined;
};

/** What somebody typed as a name, made to fit as far as its meaning allows. */
export const tidyName = (typed: string): string => typed.normalize('NFC').trim().replaceAll(/\s+/g, ' ');

/** `Coffee Corner` becomes `coffee-corner`; a `#` in front is a habit from other chats. */
export const tidyRoom = (typed: string): string =>
  typed.normalize('NFC').trim().replace(/^#+/, '').toLowerCase().replaceAll(/\s+/g, '-');

/** Pasted text may have any line ends, and control characters that nobody meant. */
export const tidyText = (typed: string): string =>
  typed.replaceAll(/\r\n?/g, '\n').replaceAll(new RegExp(controlCharacter.source, 'g'), '').trim();
