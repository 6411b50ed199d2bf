import { freePort, type SpawnedProcess, spawnProcess } from '@wsbroker/testkit';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>/` */
  readonly httpUrl: string;
  /** `ws://127.0.0.1:<port>/` */
  readonly url: string;
  readonly process: SpawnedProcess;
}

/**
 * The system's nginx in front of a broker, with a configuration and a folder of its own, and no privileges.
 * @param location What stands in `location / { … }`.
 */
export const startNginx = async (location: string): Promise<Nginx> => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-nginx-'));
  // Its workers have another user where a test runs as root.
  await chmod(folder, 0o711);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ');
  const configuration = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    pid ${join(folder, 'nginx.pid')};
    error_log stderr warn;
    events { worker_connections 64; }
    http {
      access_log off;
      ${temporary}
      server {
        listen 127.0.0.1:${port};
        client_max_body_size 0;
        location / { ${location} }
      }
    }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration);
  try {
    const nginx = await spawnProcess('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
      readyWhen: `http://127.0.0.1:${port}/`,
    });
    return {
      port,
      httpUrl: `http://127.0.0.1:${port}/`,
      url: `ws://127.0.0.1:${port}/`,
      process: nginx,
      async [Symbol.asyncDispose]() {
        await nginx.stop('SIGTERM');
        await rm(folder, { recursive: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
};
