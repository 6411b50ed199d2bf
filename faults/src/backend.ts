import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnProcess, SpawnedProcess } from '@wsbroker/testkit';
import { readRecord, type RecordedPost } from './record.ts';

const program = new URL('backend-process.ts', import.meta.url);

/** As JavaScript: where a process starts twice a second, its types would cost most of its life. */
const compiled = (): string =>
  stripTypeScriptTypes(readFileSync(program, 'utf8')).replace(
    './bad-answers.ts',
    new URL('bad-answers.ts', program).href,
  );

/** What the running process says of itself. */
export interface BackendFacts {
  readonly posts: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
}

/** A backend that can be killed and comes back on the same port, with one record over all its lives. */
export class Backend implements AsyncDisposable {
  readonly url: string;
  readonly #port: number;
  readonly #delayMs: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wsbroker-faults-'));
  #process: SpawnedProcess | undefined;
  #readBytes = 0;

  constructor(port: number, delayMs: number) {
    writeFileSync(this.#program, compiled());
    this.#port = port;
    this.#delayMs = delayMs;
    this.url = `http://127.0.0.1:${port}/`;
  }

  async start(): Promise<void> {
    this.#process = await spawnProcess(process.execPath, this.#args, { readyWhen: this.url });
  }

  /** As {@link start}, without waiting until it listens. */
  startAtOnce(): void {
    this.#process = new SpawnedProcess(process.execPath, this.#args, {});
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
    this.#process = undefined;
  }

  posts(): RecordedPost[] {
    return readRecord(this.#recordFile);
  }

  /** What has been recorded since the last call. */
  newPosts(): RecordedPost[] {
    const posts = readRecord(this.#recordFile, this.#readBytes);
    this.#readBytes = statSync(this.#recordFile).size;
    return posts;
  }

  async facts(): Promise<BackendFacts> {
    const response = await fetch(this.url, { headers: { connection: 'close' } });
    return (await response.json()) as BackendFacts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #program(): string {
    return join(this.#folder, 'backend.mjs');
  }

  get #recordFile(): string {
    return join(this.#folder, 'record.tsv');
  }

  get #args(): string[] {
    const warnings = '--disable-warning=ExperimentalWarning';
    return [warnings, this.#program, String(this.#port), this.#recordFile, String(this.#delayMs)];
  }
}

/** @param delayMs How long it takes for each event, besides others that it works on. @default 0 */
export const startBackend = async (delayMs = 0): Promise<Backend> => {
  const backend = new Backend(await freePort(), delayMs);
  await backend.start();
  return backend;
};
