import type { Criteria } from '@wsbroker/protocol';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { inspect } from 'node:util';
import type { Broker as BrokerApi, BrokerOptions } from './api.ts';
import type { Backend } from './backend/backend.ts';
import { FunctionBackend } from './backend/function-backend.ts';
import { HttpBackend } from './backend/http-backend.ts';
import type { Engine } from './cluster/engine.ts';
import { EmbeddedEngine } from './cluster/embedded-engine.ts';
import { applyOperation, type Here } from './commands/apply.ts';
import { logSent } from './commands/built-in.ts';
import type { CommandContext } from './commands/execute.ts';
import type { Operation, Outcome } from './commands/operation.ts';
import { Delivery } from './delivery/delivery.ts';
import { DirectEvents } from './delivery/direct-events.ts';
import type { Journal } from './delivery/journal/journal.ts';
import { AddressList } from './edge/address-list.ts';
import { Admission } from './edge/admission/admission.ts';
import type { ClientContext } from './edge/client-context.ts';
import { CommandEndpoint } from './edge/command-post/command-endpoint.ts';
import { commandRulesFrom } from './edge/command-post/command-head.ts';
import { CommandServer, hasCommandServer } from './edge/command-post/command-server.ts';
import { CommandSignatures } from './edge/command-post/command-signature.ts';
import { enterHttpServer } from './edge/http/http-entry.ts';
import { Clients, stopping } from './edge/clients.ts';
import { createOwnServer } from './edge/http/own-server.ts';
import { TlsFiles } from './edge/http/tls-files.ts';
import type { NotNow } from './edge/http/refuse-upgrade.ts';
import { Upgrades } from './edge/upgrade.ts';
import { FanOut } from './hub/fan-out.ts';
import { messageText } from './hub/frame.ts';
import { Hub } from './hub/hub.ts';
import { LoopTurn } from './hub/loop-turn.ts';
import { closeServer, listen } from './edge/http/listen.ts';
import { BrokerError } from './ops/broker-error.ts';
import { type Log, logFor } from './ops/logger.ts';
import type { BackendSettings, Settings } from './options.ts';
import { settingsFrom, unknownOptions } from './settings.ts';

/** Closes are spread by so much for each client: a few need no window, thousands get half of `drainMs`. */
const closeMsPerClient = 5;
/** How long clients may take to answer a close. */
const maxCloseWaitMs = 2_000;
const minCloseWaitMs = 100;

const backendFor = (settings: BackendSettings, secrets: readonly string[]): Backend =>
  settings.type === 'http' ? new HttpBackend(settings, secrets) : new FunctionBackend(settings);

/** A broker: everything put together, started and stopped. */
export class RunningBroker implements BrokerApi {
  readonly config: BrokerOptions;
  readonly websocketServer: BrokerApi['websocketServer'];
  readonly httpServer: Server | SecureServer;
  readonly #ready: Promise<void>;
  #isReadyAsked = false;
  readonly #log: Log;
  readonly #engine: Engine<Operation, Outcome>;
  readonly #delivery: Delivery | undefined;
  readonly #direct: DirectEvents | undefined;
  readonly #clients: Clients;
  readonly #upgrades: Upgrades;
  readonly #commands: CommandEndpoint;
  readonly #commandServer: CommandServer | undefined;
  readonly #closing = new AbortController();
  readonly #leaveHttpServer: () => void;
  readonly #settings: Settings;
  readonly #tls: TlsFiles | undefined;
  #journal: Journal | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    const settings = settingsFrom(options);
    this.config = options;
    this.#settings = settings;
    this.#log = logFor(options.log);
    this.#warnOfUnknown(options);
    // First what may throw, and then what has to be closed.
    const rules = commandRulesFrom(settings);
    const trustedProxies = new AddressList(settings.trustedProxies, 'trustedProxies');
    this.#tls = settings.tls && new TlsFiles(settings.tls, this.#log);

    const turn = new LoopTurn();
    const here: Here = { hub: new Hub(), fanOut: new FanOut(turn) };
    this.#engine = new EmbeddedEngine((operation: Operation) => applyOperation(here, operation));
    const { handlerTimeoutMs } = settings;
    const commands: CommandContext = { broker: this, engine: this.#engine, log: this.#log, handlerTimeoutMs };

    const { backend } = settings;
    const secrets = [settings.secret ?? []].flat();
    if (backend) {
      this.#delivery = new Delivery({
        backend: backendFor(backend, secrets),
        commands,
        settings,
        maxRequests: backend.maxRequests,
        log: this.#log,
      });
      this.#direct = new DirectEvents(this.#delivery, this.#log);
    }

    const admission = new Admission({ settings, trustedProxies, log: this.#log });
    this.#clients = new Clients(this.#clientContext(here), admission);
    this.#upgrades = new Upgrades({
      clients: this.#clients,
      admission,
      settings,
      log: this.#log,
      turn,
      fanOut: here.fanOut,
      refusal: () => this.#refusal(),
    });
    if (this.#delivery) {
      this.#delivery.onRoom = () => this.#upgrades.resumeLow();
      this.#delivery.onBackendChange = () => this.#clients.backendChanged();
    }
    this.websocketServer = this.#upgrades.server;
    this.httpServer = options.server ?? createOwnServer({ settings, tls: this.#tls, log: this.#log });
    this.#commands = new CommandEndpoint({
      commands,
      rules,
      signatures: secrets.length === 0 ? undefined : new CommandSignatures(secrets),
      requestTimeoutMs: settings.requestTimeoutMs,
      onAccepted: ({ socket }) => admission.pending.leave(socket),
    });
    this.#commandServer = hasCommandServer(settings)
      ? new CommandServer({ settings, commands: this.#commands, tls: this.#tls, log: this.#log })
      : undefined;
    if (!options.server) admission.pending.watch(this.httpServer);
    this.#leaveHttpServer = enterHttpServer({
      server: this.httpServer,
      isShared: options.server !== undefined,
      commandPath: settings.commandPath ?? (options.server ? '/' : undefined),
      upgrades: this.#upgrades,
      commands: this.#commandServer ? undefined : this.#commands,
    });
    this.#ready = this.#start(settings);
    // Who does not ask for `ready` is told by the log; a rejection must not end the process.
    this.#ready.catch((error: unknown) => {
      if (!this.#isReadyAsked && !this.#closing.signal.aborted) this.#log.error({ error }, '! Error:');
      // A program whose broker could not start ends by itself: no timer of ours keeps it.
      void this.close();
    });
  }

  get ready(): Promise<void> {
    this.#isReadyAsked = true;
    return this.#ready;
  }

  get port(): number {
    const address = this.httpServer.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get commandPort(): number | undefined {
    return this.#commandServer?.port;
  }

  broadcast(message: unknown, criteria?: Criteria): void {
    const operation: Operation = { kind: 'send', target: { match: criteria }, text: messageText(message) };
    void this.#publishBroadcast(operation, message);
  }

  sendBackendMessage(
    message: { type: string; [field: string]: unknown },
    whenDone?: (answer: unknown) => unknown,
  ): void {
    if (!this.#direct) {
      throw new BrokerError('bad-option', 'sendBackendMessage: this broker has no `backend` to send to');
    }
    this.#direct.send(message, whenDone);
  }

  log(line: { text: unknown }): void {
    this.#log.output(line.text);
  }

  close(options: { drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#stop(options.drainMs ?? this.#settings.drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whoever logs the broker does not mean the secret and the password that may be in `config`. */
  toJSON(): object {
    return { port: this.port };
  }

  [inspect.custom](): string {
    return `Broker ${JSON.stringify(this)}`;
  }

  /** The journal is opened later than this is made, and found by each connection when it begins. */
  #clientContext(here: Here): ClientContext {
    const journal = (): Journal | undefined => this.#journal;
    return {
      ...here,
      broker: this,
      delivery: this.#delivery,
      settings: this.#settings,
      handlerTimeoutMs: this.#settings.handlerTimeoutMs,
      log: this.#log,
      get journal() {
        return journal();
      },
    };
  }

  /** Why no client is taken at this moment. */
  #refusal(): NotNow | undefined {
    if (this.#closing.signal.aborted) return { why: 'The broker is closing.', retryAfterSeconds: 1 };
    // With a server of the application's, clients may come before the journal is read.
    if (this.#settings.journal !== undefined && !this.#journal) {
      return { why: 'The broker is starting.', retryAfterSeconds: 1 };
    }
    return this.#journal?.isStuck
      ? { why: 'The journal cannot be written.', retryAfterSeconds: 5 }
      : undefined;
  }

  /** First what a former process has left: its events come before any new ones. */
  async #openJournal(file: string): Promise<void> {
    const { maxJournalBytes: maxBytes, maxDeadLetters } = this.#settings;
    // Only now: a broker without a journal needs no SQLite.
    const { openJournal } = await import('./delivery/journal/sqlite-journal.ts');
    const journal = await openJournal({ file, maxBytes, maxDeadLetters, log: this.#log });
    const content = await journal.load();
    this.#journal = journal;
    journal.onStuck = () => {
      if (!journal.isStuck) this.#upgrades.resumeLow();
    };
    this.#clients.restore(content);
  }

  async #start(settings: Settings): Promise<void> {
    if (settings.journal !== undefined) await this.#openJournal(settings.journal);
    await this.#commandServer?.listen(this.#closing.signal);
    await listen(this.httpServer, settings, this.#closing.signal);
    this.httpServer.on('error', this.#onServerError);
    this.#log.info(
      {},
      `➥ websocket server listening on port ${this.port}${this.#tls ? ' (wss, https)' : ''}`,
    );
  }

  readonly #onServerError = (error: Error): void => {
    this.#log.debug({ error }, '! server error');
  };

  async #stop(drainMs: number): Promise<void> {
    this.#closing.abort();
    const isReady = await this.#ready.then(
      () => true,
      () => false,
    );
    const isOurs = this.config.server === undefined;
    const beganMs = performance.now();
    const leftMs = (): number => Math.max(0, drainMs - (performance.now() - beganMs));
    const serverClosed = isOurs && isReady ? closeServer(this.httpServer) : undefined;
    this.#commandServer?.stop();
    const isKept = this.#journal !== undefined;
    const spreadMs = Math.min(drainMs / 2, this.#upgrades.size * closeMsPerClient);
    await this.#clients.close({ ...stopping, spreadMs, isKept });
    await this.#upgrades.close(Math.min(maxCloseWaitMs, Math.max(minCloseWaitMs, leftMs() / 2)));
    await Promise.all([
      this.#delivery?.stop({ drainMs: leftMs(), isDurable: isKept }),
      this.#commands.idle(leftMs()),
    ]);
    await this.#journal?.close();
    await this.#engine.close();
    // What is left has asked for nothing, or only half, and might never ask for the rest.
    if (isOurs) this.httpServer.closeAllConnections();
    await this.#commandServer?.close();
    await serverClosed;
    this.#tls?.close();
    this.#leaveHttpServer();
    this.httpServer.off('error', this.#onServerError);
    if (isReady) this.#log.info({}, '➥ websocket server closed');
  }

  async #publishBroadcast(operation: Operation, message: unknown): Promise<void> {
    try {
      const outcomes = this.#engine.publish(operation);
      logSent(this.#log, outcomes instanceof Promise ? await outcomes : outcomes, message);
    } catch (error) {
      this.#log.error({ error }, '! broadcast failed:');
    }
  }

  #warnOfUnknown(options: BrokerOptions): void {
    for (const name of unknownOptions(options)) {
      this.#log.warn(
        {},
        `! unknown option \`${name}\`: it has no effect; see the list of options in the README`,
      );
    }
  }
}
