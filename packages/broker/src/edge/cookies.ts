import { reservedSessionFields } from '@wsbroker/protocol';
import { parseCookie } from 'cookie';

/** Past these a cookie is left out: no site needs more, and each is kept as long as the connection. */
const maxCookies = 50;
const maxCookieBytes = 4_096;

/** The cookies of a handshake, names in lower case and values as they came, as the seed had them. */
export const cookiesOf = (header: string | undefined): Record<string, string> => {
  const cookies: Record<string, string> = {};
  if (header === undefined) return cookies;
  let count = 0;
  const parsed = parseCookie(header, { decode: (raw) => raw });
  for (const name of Object.keys(parsed)) {
    const value = parsed[name];
    const key = name.toLowerCase();
    if (value === undefined || name.length + value.length > maxCookieBytes) continue;
    if (key === '__proto__' || Object.hasOwn(cookies, key)) continue;
    count += 1;
    if (count > maxCookies) break;
    cookies[key] = value;
  }
  return cookies;
};

const reserved: ReadonlySet<string> = new Set(reservedSessionFields);

/** Those that become `sessionInfo` fields: never under a name of the broker's. */
export const sessionCookies = (
  cookies: Readonly<Record<string, string>>,
  wanted: boolean | readonly string[],
): Record<string, string> => {
  const chosen: Record<string, string> = {};
  if (wanted === false) return chosen;
  const names = wanted === true ? undefined : new Set(wanted.map((name) => name.toLowerCase()));
  for (const name of Object.keys(cookies)) {
    if (reserved.has(name) || names?.has(name) === false) continue;
    chosen[name] = cookies[name] ?? '';
  }
  return chosen;
};
