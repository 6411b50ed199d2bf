import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface HttpRequest {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, in the chunks in which it is written. */
  readonly chunks: readonly Buffer[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const patienceMs = 20_000;

/** POSTs on connections that are kept, as a backend does. */
export class HttpClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });

  /** @throws Error when there is no answer */
  post({ port, headers, chunks }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { port, host: '127.0.0.1', method: 'POST', agent: this.#agent, headers, timeout: patienceMs },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('the broker hangs: no answer to a POST')));
      outgoing.on('error', reject);
      for (const chunk of chunks) outgoing.write(chunk);
      outgoing.end();
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
