/** As far as it is used here: the package brings no types. */
declare module 'wsbroker' {
  import type { Server } from 'node:http';

  interface SeedOptions {
    port: number;
    server: Server;
    log: boolean;
    backend: { type: string; url: string | undefined; allow: readonly string[] };
  }

  export const Broker: new (options: SeedOptions) => object;
}
