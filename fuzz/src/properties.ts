import type { Property } from './property.ts';
import { frames } from './properties/frames.ts';
import { messages } from './properties/messages.ts';

export const properties: readonly Property[] = [messages, frames];
