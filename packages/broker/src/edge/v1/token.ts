import { hash, randomBytes } from 'node:crypto';

const tokenBytes = 16;

export const newToken = (): string => randomBytes(tokenBytes).toString('base64url');

/** What is kept of a token: who reads the memory or the journal of the broker cannot resume with it. */
export const hashOf = (token: string): string => hash('sha256', token, 'base64url');
