import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postCommands, postText, type SpawnedProcess, spawnProcess } from '@wsbroker/testkit';
import { inRepository } from '../repository.ts';

interface ProcessStatus {
  readonly state: 'up' | 'starting' | 'stopped';
  readonly pid: number | null;
  readonly restarts: number;
}

/** What the demo's server tells of itself, as `/control/status` gives it. */
export interface DemoStatus {
  readonly backend: ProcessStatus;
  readonly broker: ProcessStatus & { readonly sockets: number; readonly disconnects: number };
}

export const demoEntry = inRepository('apps/demo/src/server/main.ts');

/** Where the history may be: in a folder that is not there yet, as in a fresh clone. Gone at the end. */
export const dataFolder = (): Disposable & { readonly file: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-demo-'));
  return {
    file: join(folder, 'data', 'chat.sqlite'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** The demo as `npm start` runs it, on free ports or on given ones. */
export class DemoProcess implements AsyncDisposable {
  readonly process: SpawnedProcess;
  /** Of the page, ending with a slash. */
  readonly url: string;
  readonly port: number;
  readonly brokerPort: number;

  constructor(process: SpawnedProcess) {
    this.process = process;
    this.url = /Page +(http:\S+)/.exec(process.output)?.[1] ?? '';
    this.port = Number(new URL(this.url).port);
    this.brokerPort = Number(/Broker +ws:\/\/[^:]+:(\d+)/.exec(process.output)?.[1]);
  }

  /** What `/control/status` says first. */
  async status(): Promise<DemoStatus> {
    const ending = new AbortController();
    const response = await fetch(`${this.url}control/status`, { signal: ending.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const event = (await reader?.read())?.value ?? '';
    ending.abort();
    await reader?.closed.catch(() => {});
    const [, json] = /^data: (.*)$/m.exec(event) ?? [];
    if (json === undefined) throw new Error(`/control/status said ${JSON.stringify(event)}`);
    return JSON.parse(json) as DemoStatus;
  }

  /** Of the process that runs now. */
  async pid(name: 'backend' | 'broker'): Promise<number> {
    const { pid, state } = (await this.status())[name];
    if (pid === null) throw new Error(`The ${name} has no process: it is ${state}`);
    return pid;
  }

  /** `kill -9`, and nothing else: it comes back by itself. */
  async kill(name: 'backend' | 'broker'): Promise<void> {
    process.kill(await this.pid(name), 'SIGKILL');
  }

  order(name: `${'restart' | 'stop'}-${'backend' | 'broker'}`): Promise<unknown> {
    return postText(`${this.url}control/${name}`, '');
  }

  /** The keys of all connections, in the order in which they came. */
  async connectionKeys(): Promise<string[]> {
    const { body } = await postCommands(`http://127.0.0.1:${this.brokerPort}/`, [{ type: 'list' }]);
    const [connections = []] = body as { wskey: string }[][];
    return connections.map(({ wskey }) => wskey);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}

export const startDemo = async (
  environment: Record<string, string>,
  { port = 0, brokerPort = 0 } = {},
): Promise<DemoProcess> =>
  new DemoProcess(
    await spawnProcess(process.execPath, ['--disable-warning=ExperimentalWarning', demoEntry], {
      env: { HOST: '', NO_COLOR: '1', PORT: String(port), BROKER_PORT: String(brokerPort), ...environment },
      readyWhen: /Ctrl-C ends all of it/,
    }),
  );

export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
