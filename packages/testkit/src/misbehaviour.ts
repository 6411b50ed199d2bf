import type { ServerResponse } from 'node:http';

/**
 * Ways for a backend to answer badly:
 *
 * - `hang`: takes the request and never answers
 * - `reset`: resets the TCP connection without an answer
 * - `truncate`: promises more bytes than it sends, then hangs up
 * - `drip`: 200 with one byte each 100 ms, for ever
 * - `endless`: 200 with a body as fast as it is read, for ever
 * - `redirect`: 302 to `/redirected` of itself
 * - `garbage`: bytes that are no HTTP
 */
export const misbehaviours = ['hang', 'reset', 'truncate', 'drip', 'endless', 'redirect', 'garbage'] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

const dripIntervalMs = 100;

export const misbehave = (how: Misbehaviour, response: ServerResponse): void => {
  const { socket } = response;
  switch (how) {
    case 'hang':
      return;
    case 'reset':
      socket?.resetAndDestroy();
      return;
    case 'truncate':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('[{"type":"send","message":', () => socket?.destroy());
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[');
      const timer = setInterval(() => response.write(' '), dripIntervalMs);
      response.once('close', () => clearInterval(timer));
      return;
    }
    case 'endless': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
      return;
    }
    case 'redirect':
      response.writeHead(302, { location: '/redirected' }).end();
      return;
    case 'garbage':
      socket?.end('\u0000\u0001 this is not HTTP\r\n\r\n');
      return;
  }
};
