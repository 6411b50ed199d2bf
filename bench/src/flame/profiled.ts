import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../harness/server.ts';
import { startLoad } from '../harness/window.ts';
import { chatMessage, type FanOutParams } from '../load/fan-out.ts';

interface Profiled {
  readonly title: string;
  /** @returns how long after the start of the server the time begins that counts. */
  readonly run: (nodeOptions: readonly string[]) => Promise<number>;
}

const warmUpMs = 2_000;
const profiledMs = 6_000;

/** The loads under which the broker is profiled. */
export const profiled: Readonly<Record<string, Profiled>> = {
  'fan-out': {
    title: 'Fan-out: POSTs of one message to 1,000 plain clients, 4 outstanding',
    async run(nodeOptions) {
      const startedAtMs = performance.now();
      await using server = await startServer('wsbroker', {}, nodeOptions);
      await using load = await startLoad('fan-out', {
        port: server.port,
        clients: 1_000,
        wire: 'plain',
        publication: {
          port: server.port,
          path: '/',
          contentType: 'application/json',
          body: `[{"type":"send","message":${chatMessage}}]`,
        },
      } satisfies FanOutParams);
      await load.ask('change', { outstanding: 4 });
      await delay(warmUpMs);
      const fromMs = performance.now() - startedAtMs;
      await delay(profiledMs);
      await load.ask('stop');
      return fromMs;
    },
  },
};
