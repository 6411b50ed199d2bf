import { expect, test } from 'vitest';
import type { ClientSocket } from '../socket/socket.ts';
import { OpeningSocket } from './opening-socket.ts';

test('an `open` is heard once: a socket that there was no room for says more while it closes', () => {
  const closes: [number, string][] = [];
  const socket = { close: (code: number, reason: string) => void closes.push([code, reason]) };
  const openings: unknown[] = [];
  const opening = new OpeningSocket(socket as unknown as ClientSocket, {
    timeoutMs: 60_000,
    opened: (asked) => void openings.push(asked),
    closed: () => {},
  });
  opening.read('["open",{}]');
  opening.read('["open",{"token":"other"}]');
  opening.read('{"type":"hello"}');
  opening.closed();
  expect(openings).toEqual([{}]);
  expect(closes).toEqual([]);
});
