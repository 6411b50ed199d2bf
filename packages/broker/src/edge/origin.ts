import type { IncomingMessage } from 'node:http';

/** Which origins' pages may connect: any, those listed, or (undefined) pages of the host they ask for. */
export type OriginPolicy = readonly string[] | '*' | undefined;

/** As browsers write it: no path, not even a slash, no user, and one origin alone. */
const originPattern = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@\\,]+$/i;

/** The host without its port, of a URL or a `host` header; undefined when malformed. */
const hostnameOf = (url: string): string | undefined => URL.parse(url)?.hostname.toLowerCase();

/** As a browser writes it: in lower case, without the port that the scheme has anyway. */
const asBrowsersWrite = (origin: string): string => {
  const standard = URL.parse(origin)?.origin ?? 'null';
  // Schemes that URL knows nothing of, such as chrome-extension:, have no origin there.
  return standard === 'null' ? origin.toLowerCase() : standard;
};

/**
 * Whether a page of this origin may open a WebSocket. Browsers send the user's cookies along from any
 * page, so without this check a foreign page would speak in the user's name. No `origin` means that it
 * is no browser, and holds no cookies of a user.
 */
export const isOriginAllowed = (request: IncomingMessage, policy: OriginPolicy): boolean => {
  const { origin, host } = request.headers;
  if (origin === undefined || policy === '*') return true;
  if (policy !== undefined) {
    const lower = origin.toLowerCase();
    return policy.some((allowed) => allowed === '*' || asBrowsersWrite(allowed) === lower);
  }
  const asked = host === undefined ? undefined : hostnameOf(`http://${host}`);
  return asked !== undefined && originPattern.test(origin) && hostnameOf(origin) === asked;
};

export interface OriginRules {
  readonly origins?: OriginPolicy;
  /** Whether a handshake without an `Origin`, which only programs send, is refused. */
  readonly requireOrigin: boolean;
}

export interface OriginRefusal {
  readonly refusedFor: 'foreign origin' | 'missing origin';
  /** What the client is told. */
  readonly text: string;
  /** What the log says: how to let it in. */
  readonly hint: string;
}

/** Why a handshake is not taken for where it comes from; undefined when it may be. Never throws. */
export const refusalOfOrigin = (request: IncomingMessage, rules: OriginRules): OriginRefusal | undefined => {
  if (rules.requireOrigin && request.headers.origin === undefined) {
    return {
      refusedFor: 'missing origin',
      text: 'A handshake without an Origin is not taken here: only pages may connect.',
      hint: '! refused a handshake without an `Origin`, as `requireOrigin` says:',
    };
  }
  if (isOriginAllowed(request, rules.origins)) return undefined;
  return {
    refusedFor: 'foreign origin',
    text: 'Pages of this origin may not connect here.',
    hint: '! refused a page of another host; allow it with the option `origins`:',
  };
};
