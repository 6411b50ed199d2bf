import type { Property } from './property.ts';
import { answers } from './properties/answers.ts';
import { commands } from './properties/commands.ts';
import { cookies } from './properties/cookies.ts';
import { crossfire } from './properties/crossfire.ts';
import { frames } from './properties/frames.ts';
import { handshakes } from './properties/handshakes.ts';
import { messages } from './properties/messages.ts';
import { signatures } from './properties/signatures.ts';
import { v1Frames } from './properties/v1-frames.ts';

export const properties: readonly Property[] = [
  messages,
  frames,
  v1Frames,
  handshakes,
  cookies,
  commands,
  signatures,
  answers,
  crossfire,
];
