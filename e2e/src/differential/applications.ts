import type { Server } from 'node:http';

/** What both brokers give to handlers; only the names that the seed's page has. */
export interface ApplicationConnection {
  readonly sessionInfo: Readonly<Record<string, unknown>>;
}

export interface ApplicationBroker {
  readonly config: object;
  readonly websocketServer: { readonly clients: unknown };
  readonly httpServer: Server;
  broadcast(message: unknown, criteria?: object): void;
  sendBackendMessage(message: object, whenDone?: (answer: unknown) => void): void;
}

interface ApplicationMessage {
  type?: string;
  [field: string]: unknown;
}

type Handler = (...args: never[]) => unknown;

/** Handlers as a user of the seed writes them, and tasks that a step asks for. */
export interface Application {
  readonly onClientConnect?: Handler;
  readonly onClientMessage?: Handler;
  readonly onClientDisconnect?: Handler;
  readonly onBackendMessage?: Handler;
  readonly backendCommands?: Record<string, Handler>;
  readonly log?: boolean;
  readonly tasks?: Record<string, (broker: ApplicationBroker) => void>;
}

type Report = (entry: unknown) => void;

const keyOf = (connection: ApplicationConnection | null): unknown => connection?.sessionInfo['wskey'] ?? null;

/** What the arguments of a handler are, so that their number and order can be compared. */
const kinds = (args: readonly unknown[]): string[] =>
  args.map((argument) => {
    if (argument === null) return 'null';
    if (typeof argument !== 'object') return typeof argument;
    if ('websocketServer' in argument) return 'broker';
    return 'sessionInfo' in argument ? 'connection' : 'message';
  });

/** Of what handlers are known to use of a connection, what is there. */
const membersOf = (connection: object): string[] =>
  [
    'sessionInfo',
    'cookieData',
    'broker',
    'upgradeReq',
    'send',
    'close',
    'on',
    'readyState',
    'terminate',
  ].filter((member) => member in connection);

/** What a handler is to return, as the client's cookie `connect` or the message says. */
const returned = (name: unknown): unknown => {
  switch (name) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'text':
      return 'forward';
    case 'promise of true':
      return Promise.resolve(true);
    case 'promise of false':
      return Promise.resolve(false);
    case 'throw':
      throw new Error('thrown by the application');
    default:
      return undefined;
  }
};

export const applications = {
  /** No handlers: everything goes to the backend. */
  plain: (): Application => ({}),

  /** As {@link plain}, with everything logged; and what is printed although nothing is to be. */
  logged: (): Application => ({ log: true }),
  unlogged: (): Application => ({ log: false }),

  /** Handlers of clients that tell what they get, and return what they are told to. */
  handlers: (report: Report): Application => ({
    onClientConnect: (...args: [ApplicationConnection, unknown?]) => {
      const [connection] = args;
      report({ handler: 'onClientConnect', wskey: keyOf(connection) });
      if (connection.sessionInfo['describe'] === 'args') report({ args: kinds(args) });
      if (connection.sessionInfo['describe'] === 'connection')
        report({ connectionHas: membersOf(connection) });
      return returned(connection.sessionInfo['connect']);
    },
    onClientMessage: (...args: [ApplicationMessage, ApplicationConnection, ApplicationBroker]) => {
      const [message, connection, broker] = args;
      report({
        handler: 'onClientMessage',
        args: kinds(args),
        message: { ...message },
        wskey: keyOf(connection),
      });
      if ('broadcast' in message) broker.broadcast(message['broadcast'], message['criteria'] as object);
      if (message.type === 'change') message['changed'] = true;
      return returned(message['return']);
    },
    onClientDisconnect: (...args: [ApplicationConnection, unknown]) => {
      report({ handler: 'onClientDisconnect', args: kinds(args), wskey: keyOf(args[0]) });
      return returned(args[0].sessionInfo['disconnect']);
    },
  }),

  /** Commands of the application's own, and a handler of all others. */
  commands: (report: Report): Application => ({
    onBackendMessage: (...args: [ApplicationMessage, ApplicationConnection | null, unknown]) => {
      report({ handler: 'onBackendMessage', args: kinds(args), message: args[0], wskey: keyOf(args[1]) });
      return returned(args[0]['return']);
    },
    backendCommands: {
      own: (...args: [ApplicationMessage, ApplicationConnection | null, unknown]) => {
        report({ handler: 'own', args: kinds(args), message: args[0], wskey: keyOf(args[1]) });
        return args[0]['return'] === 'object' ? { own: 'result' } : returned(args[0]['return']);
      },
      log: ({ text }: ApplicationMessage) => ({ logged: text }),
    },
    tasks: {
      'what a broker is': (broker) => {
        report({ config: Object.keys(broker.config).includes('backendCommands') });
        report({ clientsAreAnArray: Array.isArray(broker.websocketServer.clients) });
        report({ httpServerListens: broker.httpServer.listening });
      },
      'send to the backend': (broker) => broker.sendBackendMessage({ type: 'direct-hello', x: 'ü' }),
      'send to the backend and take the answer': (broker) =>
        broker.sendBackendMessage({ type: 'direct-question' }, (answer) => report({ answer })),
    },
  }),
} satisfies Record<string, (report: Report) => Application>;

export type ApplicationName = keyof typeof applications;
