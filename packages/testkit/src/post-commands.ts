import { request } from 'node:http';
import { request as secureRequest, type RequestOptions } from 'node:https';

export interface PostOptions {
  /** @default 'form' */
  encoding?: 'form' | 'json';
  /** Added to the ones of the encoding, or replacing them. */
  headers?: Record<string, string>;
  /** Sent from this address of the machine, such as 127.0.0.2. */
  localAddress?: string;
  /** Sent through this Unix socket; the host in the URL is then no more than a name. */
  socketPath?: string;
  /** For an https:// URL: whom to trust, and the like. */
  tls?: RequestOptions;
}

export interface PostResult {
  readonly status: number;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** POSTs a body as it is. Not `fetch`: that keeps its socket open afterwards, which a leak check would see. */
export const postText = (url: string, text: string, options: PostOptions = {}): Promise<PostResult> =>
  new Promise((resolve, reject) => {
    const outgoing = (url.startsWith('https:') ? secureRequest : request)(
      url,
      {
        ...options.tls,
        method: 'POST',
        agent: false,
        ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
        ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
        headers: { 'content-length': String(Buffer.byteLength(text)), ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: jsonOrText(Buffer.concat(chunks).toString()),
            headers: response.headers,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });

/** POSTs a list of commands to a broker, as a backend does. */
export const postCommands = (
  httpUrl: string,
  commands: unknown,
  options: PostOptions = {},
): Promise<PostResult> => {
  const json = JSON.stringify(commands);
  const isForm = (options.encoding ?? 'form') === 'form';
  return postText(httpUrl, isForm ? new URLSearchParams({ data: json }).toString() : json, {
    ...options,
    headers: {
      'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      ...options.headers,
    },
  });
};

const jsonOrText = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
