import { connect, type Socket } from 'node:net';
import { add, type Facts } from '../facts.ts';

export interface PostTarget {
  readonly port: number;
  /** The address of this machine that it comes from. */
  readonly localAddress: string;
}

const dripMs = 100;
const chunk = Buffer.alloc(64 * 1024, ' ');

/** A POST whose body is said to be so long, and has not begun. */
const openPost = ({ port, localAddress }: PostTarget, bodyBytes: number, facts: Facts): Socket => {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const head = [
    'POST / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    `Content-Length: ${bodyBytes}`,
    '\r\n',
  ];
  socket.write(head.join('\r\n'));
  socket.once('data', (data: Buffer) => add(facts, `status ${data.toString('latin1').split(' ')[1] ?? ''}`));
  socket.on('error', () => undefined);
  socket.once('close', () => add(facts, 'ended'));
  return socket;
};

/** Command POSTs whose bodies come byte by byte. */
export const dripPosts = async (
  { count, ...target }: PostTarget & { readonly count: number },
  facts: Facts,
): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    const socket = openPost(target, 100_000, facts);
    const dripping = setInterval(() => socket.write(' '), dripMs);
    socket.once('close', () => clearInterval(dripping));
  }
  facts['opened'] = count;
  await Promise.resolve();
};

/** One POST with an enormous body, written as fast as it is taken. */
export const postWithoutEnd = async (
  { bytes, ...target }: PostTarget & { readonly bytes: number },
  facts: Facts,
): Promise<void> => {
  const socket = openPost(target, bytes, facts);
  const pump = (): void => {
    while (!socket.destroyed && socket.write(chunk)) add(facts, 'written', chunk.length);
  };
  socket.on('drain', pump);
  pump();
  await Promise.resolve();
};
