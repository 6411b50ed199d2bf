/**
 * A backend as a process of its own, so that it can be killed. It writes each event into a file before it answers:
 * what has been written is there after a `kill -9`, and is what the checker takes as arrived.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

interface ChatMessage {
  readonly type: string;
  readonly client?: string;
  readonly n?: number;
  readonly room?: string;
  readonly count?: number;
  readonly case?: number;
}

const [port = '', recordFile = '', delayMs = '0'] = process.argv.slice(2);
const record = openSync(recordFile, 'a');
const facts = { inFlight: 0, maxInFlight: 0, posts: 0 };

const said = ({ client, n }: ChatMessage) => ({ type: 'said', from: client, n });

const good = ({ client, n }: ChatMessage) => ({
  type: 'send',
  message: { type: 'good', from: client, n },
});

/** The same for every attempt of an event: what a backend that keeps ids would have stored. */
const commandsFor = (message: ChatMessage): object[] => {
  switch (message.type) {
    case 'client-join':
      return [
        { type: 'session', data: { client: message.client, room: message.room } },
        { type: 'send', message: { type: 'joined' } },
      ];
    case 'client-say':
      return [
        { type: 'send', message: said(message), ...(message.room ? { match: { room: message.room } } : {}) },
      ];
    case 'client-ask':
      return [{ type: 'reply', message: said(message) }];
    case 'client-bad':
      return [good(message)];
    case 'client-stream':
      return Array.from({ length: message.count ?? 0 }, (_, index) => ({
        type: 'send',
        message: said({ ...message, n: index + 1 }),
      }));
    default:
      return [];
  }
};

const answer = async (message: ChatMessage, attempt: number, response: ServerResponse): Promise<void> => {
  if (message.type === 'client-hang') return;
  if (message.type === 'client-bad') {
    // Only where it is used: a backend that is killed every half second has to start quickly.
    const { badAnswers } = await import('./bad-answers.ts');
    const bad = badAnswers[message.case ?? 0];
    if (bad && (attempt === 1 || bad.expected !== 'retried')) {
      bad.answer(response, good(message));
      return;
    }
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(commandsFor(message)));
};

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

const take = (request: IncomingMessage, body: string, response: ServerResponse): void => {
  const fields = new URLSearchParams(body);
  const message = JSON.parse(fields.get('message') ?? 'null') as ChatMessage;
  const { wskey = '' } = JSON.parse(fields.get('connection') ?? 'null') as { wskey?: string };
  const attempt = header(request, 'wsbroker-attempt');
  const columns = [header(request, 'webhook-id'), attempt, wskey, message.type, message.client, message.n];
  writeSync(record, `${columns.join('\t')}\n`);
  const reply = (): void => void answer(message, Number(attempt), response);
  if (delayMs === '0') reply();
  else setTimeout(reply, Number(delayMs));
};

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(facts));
    return;
  }
  facts.posts += 1;
  facts.inFlight += 1;
  facts.maxInFlight = Math.max(facts.maxInFlight, facts.inFlight);
  response.once('close', () => {
    facts.inFlight -= 1;
  });
  request.on('error', () => undefined);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => take(request, Buffer.concat(chunks).toString(), response));
});
// A broker keeps its connections open; one that is closed just as it is used would look like a fault.
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1');
