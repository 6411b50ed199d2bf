import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Inbox } from '@wsbroker/testkit';

/** A backend that keeps each event's `message` as the text that it was sent as, and answers with no commands. */
export interface EventRecorder extends AsyncDisposable {
  readonly url: string;
  /** Every event so far. */
  readonly messages: readonly string[];
  /** The first event not yet taken that satisfies the predicate. */
  next(predicate: (message: string) => boolean): Promise<string>;
}

const messageOf = async (request: IncomingMessage): Promise<string> => {
  const body = await text(request);
  const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
  if (isForm) return new URLSearchParams(body).get('message') ?? '';
  // All between the two keys, since to parse it would be to lose what it is about.
  return /^\{"message":(.*),"connection":\{[^{}]*\}\}$/s.exec(body)?.[1] ?? '';
};

export const startEventRecorder = async (): Promise<EventRecorder> => {
  const messages = new Inbox<string>('an event');
  const server = createServer((request, response) => {
    void messageOf(request).then((message) => {
      messages.put(message);
      response.end('[]');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get messages() {
      return messages.all;
    },
    next: (predicate) => messages.next(predicate),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
