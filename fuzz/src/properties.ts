import type { Property } from './property.ts';
import { messages } from './properties/messages.ts';

export const properties: readonly Property[] = [messages];
