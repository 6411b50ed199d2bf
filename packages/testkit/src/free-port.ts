import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what systems give to connections (Linux from 32768 on, others from 49152): in the time in which nobody listens
 * there, no connection of another test takes it.
 */
const ports = { from: 10_000, to: 32_768 };
const maxTries = 100;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
};

/** A port of 127.0.0.1 that was free a moment ago, for programs that must be told theirs, or keep it over a restart. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const port = randomInt(ports.from, ports.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${maxTries} ports between ${ports.from} and ${ports.to} is free`);
};
