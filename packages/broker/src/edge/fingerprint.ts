import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * What has to be the same when a connection is resumed: the page's origin, and the cookies that the backend may
 * have taken the client for. With a list of names those alone: others change on their own.
 */
export const fingerprintOf = (
  request: IncomingMessage,
  cookieData: Readonly<Record<string, string>>,
  cookies: boolean | readonly string[],
): string => {
  const names = Array.isArray(cookies) ? cookies.map((name: string) => name.toLowerCase()) : undefined;
  const relevant = Object.entries(cookieData)
    .filter(([name]) => names === undefined || names.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([request.headers.origin ?? null, relevant]), 'base64url');
};
