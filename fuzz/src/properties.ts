import type { Property } from './property.ts';
import { frames } from './properties/frames.ts';
import { commands } from './properties/commands.ts';
import { v1Frames } from './properties/v1-frames.ts';
import { messages } from './properties/messages.ts';

export const properties: readonly Property[] = [messages, frames, v1Frames, commands];
