import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@wsbroker/testkit';
import type { Server } from '../harness/server.ts';
import { outputOf, startProgram } from './program.ts';

export const missingPushpin = (): string | undefined =>
  outputOf('pushpin', '--version') === undefined
    ? 'pushpin is not installed (apt-get install pushpin)'
    : undefined;

export const pushpinVersion = (): string => outputOf('pushpin', '--version')?.replace(/^\D*/, '') ?? '';

/** Messages a second, and how many may wait: pushpin's defaults would drop most of what is sent here. */
const unbounded = 100_000_000;

const configOf = (folder: string, port: number, publishPort: number): string => `
[global]
include={libdir}/internal.conf
rundir=${folder}/run
ipc_prefix=bench-
port_offset=0
stats_connection_ttl=120

[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:${port}
logdir=${folder}/log
log_level=0
client_buffer_size=8192
client_maxconn=20000
condure_bin=condure

[proxy]
routesfile=${folder}/routes
debug=false

[handler]
push_in_spec=ipc://{rundir}/push-in
push_in_sub_specs=ipc://{rundir}/push-in-sub
push_in_sub_connect=false
push_in_http_addr=127.0.0.1
push_in_http_port=${publishPort}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=1000000
command_spec=ipc://{rundir}/command
message_rate=${unbounded}
message_hwm=${unbounded}
message_wait=5000
id_cache_ttl=60
connection_subscription_max=20
subscription_linger=60
stats_report_interval=10
stats_format=tnetstring
`;

export interface Pushpin extends Server {
  readonly publishPort: number;
}

/** The channel of every client of pushpin's own test handler, which stands for a backend that accepts everybody. */
export const pushpinChannel = 'test';

/** pushpin as Debian sets it up, with its rate limit lifted. */
export const startPushpin = async (): Promise<Pushpin> => {
  const port = await freePort();
  const publishPort = await freePort();
  const server = await startProgram({
    port,
    line(folder) {
      const file = join(folder, 'pushpin.conf');
      for (const name of ['run', 'log']) mkdirSync(join(folder, name));
      writeFileSync(file, configOf(folder, port, publishPort));
      writeFileSync(join(folder, 'routes'), '* test\n');
      return ['pushpin', `--config=${file}`];
    },
  });
  return { ...server, publishPort };
};
