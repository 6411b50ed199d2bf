import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@wsbroker/testkit';
import type { Server } from '../harness/server.ts';
import { outputOf, packageVersion, startProgram } from './program.ts';

const module = '/usr/lib/nginx/modules/ngx_nchan_module.so';

export const missingNchan = (): string | undefined => {
  if (outputOf('nginx', '-v') === undefined) return 'nginx is not installed (apt-get install nginx)';
  return existsSync(module) ? undefined : `${module} is not installed (apt-get install libnginx-mod-nchan)`;
};

export const nchanVersion = (): string => {
  const nginx = outputOf('nginx', '-v')?.replace(/^.*\//, '') ?? '';
  return `${packageVersion('libnginx-mod-nchan') ?? ''} in nginx ${nginx}`;
};

/** Of root's processes the workers would be another user's, who may not write into the folder. */
const user = process.getuid?.() === 0 ? 'user root;' : '';

const configOf = (folder: string, port: number): string => `
load_module ${module};
${user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 16384; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /sub { nchan_subscriber websocket; nchan_channel_id all; }
    location = /pub { nchan_publisher http; nchan_channel_id all; }
    location = / { return 204; }
  }
}
`;

/** nginx with one worker and nchan's defaults: subscribers at /sub, publishers at /pub. */
export const startNchan = async (): Promise<Server> => {
  const port = await freePort();
  return startProgram({
    port,
    line(folder) {
      const file = join(folder, 'nginx.conf');
      writeFileSync(file, configOf(folder, port));
      return ['nginx', '-e', 'stderr', '-p', folder, '-c', file];
    },
  });
};
