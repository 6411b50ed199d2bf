import { connectTcp, startFakeBackend } from '@wsbroker/testkit';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startBrokerProcess } from '../broker-process.ts';

const mebi = 1_024 * 1_024;
const tenGigabytes = 10_000_000_000;
/** What Linux keeps for sockets on the way, on both sides. */
const buffersOnTheWay = 32 * mebi;

/** The most memory that a process has ever had. */
const peakBytes = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

const sent = { length: `Content-Length: ${tenGigabytes}`, chunked: 'Transfer-Encoding: chunked' };

/** Sends a body until it is whole or the connection is cut; the answer, and how many bytes went out. */
const pour = async (port: number, from: string, as: keyof typeof sent) => {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
  await once(socket, 'connect');
  let answer = '';
  const cut = new Promise<void>((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${sent[as]}\r\n\r\n`);
  const piece = Buffer.alloc(64 * 1_024, 32);
  const framed =
    as === 'length'
      ? piece
      : Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  let bytes = 0;
  while (!socket.destroyed && bytes < tenGigabytes) {
    bytes += framed.length;
    if (!socket.write(framed)) await Promise.race([once(socket, 'drain').catch(() => {}), cut]);
  }
  socket.destroy();
  await cut;
  return { answer, bytes };
};

// VmHWM is Linux's.
test.skipIf(process.platform !== 'linux').each(['length', 'chunked'] as const)(
  'a body of 10 GB from a denied address (%s) costs the broker less than 5 MB of memory, and is cut',
  async (as) => {
    await using backend = await startFakeBackend();
    await using broker = await startBrokerProcess(backend.url);
    const pid = broker.process.pid ?? 0;
    // What every first request costs is not what is asked.
    for (let n = 0; n < 200; n += 1) {
      await using tcp = await connectTcp(broker.port, '127.0.0.1');
      tcp.write('POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: y\r\nContent-Length: 0\r\n\r\n');
      await tcp.receiving(/403/);
    }
    const before = peakBytes(pid);
    const { answer, bytes } = await pour(broker.port, '127.0.0.2', as);
    const grown = peakBytes(pid) - before;
    expect(answer === '' || /^HTTP\/1\.1 403 .*"forbidden"/s.test(answer)).toBe(true);
    expect(bytes).toBeLessThan(buffersOnTheWay);
    expect(grown).toBeLessThan(5 * mebi);
    await using tcp = await connectTcp(broker.port);
    tcp.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await tcp.receiving(/200 OK/);
  },
);
