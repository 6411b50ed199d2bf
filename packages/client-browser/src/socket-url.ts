import { ClientError } from './client-error.ts';

/** Makes a WebSocket address of what an application has: relative, http(s) or ws(s), text or `URL`. */
export const socketUrl = (url: string | URL): string => {
  let href = '';
  let cause: unknown;
  try {
    const address = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
    // Older browsers refuse a fragment; none sends it.
    address.hash = '';
    href = address.href.replace(/^http/, 'ws');
  } catch (error) {
    cause = error;
  }
  if (!/^wss?:/.test(href)) {
    const expected = 'expected ws(s)://, http(s):// or, in a page, a relative address';
    throw new ClientError('bad-url', `The url is "${String(url)}": ${expected}`, { cause });
  }
  return href;
};
