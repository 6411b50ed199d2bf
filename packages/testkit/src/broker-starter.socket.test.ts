import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { brokerStarter } from './broker-starter.ts';
import { postCommands } from './post-commands.ts';

interface StandInOptions {
  port: number;
  host?: string;
  log?: { info(fields: object, message: string): void };
  leak?: boolean;
}

/** As much of a broker as the starter sees: it listens, logs, and may forget to close. */
class StandIn {
  readonly ready: Promise<unknown>;
  readonly server: Server;
  readonly #leak: boolean;

  constructor({ port, host, log, leak = false }: StandInOptions) {
    this.#leak = leak;
    this.server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => response.end(JSON.stringify([body])));
    });
    this.server.listen(port, host);
    this.ready = once(this.server, 'listening').then(() => log?.info({ port: this.port }, 'listening'));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.#leak) return;
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const startStandIn = brokerStarter((options: StandInOptions) => new StandIn(options));

test('gives a broker that is ready on a free port, with its addresses and its log', async () => {
  await using broker = await startStandIn();
  expect(broker.port).toBeGreaterThan(0);
  expect(broker.url).toBe(`ws://127.0.0.1:${broker.port}/`);
  expect(broker.logs.entries).toEqual([
    { level: 'info', message: 'listening', fields: { port: broker.port } },
  ]);
  expect(await postCommands(broker.httpUrl, [{ type: 'list' }])).toMatchObject({
    status: 200,
    body: ['data=%5B%7B%22type%22%3A%22list%22%7D%5D'],
  });
  expect(await postCommands(broker.httpUrl, [], { encoding: 'json' })).toMatchObject({ body: ['[]'] });
});

test('disposing a broker that leaves something open fails', async () => {
  const broker = await startStandIn({ leak: true });
  await expect(broker[Symbol.asyncDispose]()).rejects.toThrow(`"port":${broker.port}`);
  broker.server.close();
});
