/** A process that hosts one broker with one application: `node host.ts '{"broker":"seed",…}'`. */
import type { BrokerOptions } from '@wsbroker/broker';
import { createServer, type Server } from 'node:http';
import { type Application, type ApplicationBroker, applications } from './applications.ts';
import type { HostOptions, HostReport } from './hosted-broker.ts';

const options = JSON.parse(process.argv[2] ?? '') as HostOptions;
const report = (message: HostReport): void => void process.send?.(message);

const { tasks = {}, ...handlers }: Application = applications[options.application]((entry) =>
  report({ channel: 'application', entry }),
);
const config: BrokerOptions = {
  port: 0,
  log: false,
  backend: { type: 'http', url: options.backendUrl, allow: ['127.0.0.1'] },
  ...(handlers as Partial<BrokerOptions>),
};

/** The seed's broker listens on all addresses, where a peer on 127.0.0.1 is ::ffff:127.0.0.1. */
const loopbackServer = (): Server => {
  const server = createServer();
  const listen = server.listen.bind(server);
  server.listen = ((port: number, then: () => void) => listen(port, '127.0.0.1', then)) as Server['listen'];
  return server;
};

// Only the one that is asked for: the seed's brings old libraries along, which warn.
const library =
  options.broker === 'ours' ? await import('@wsbroker/broker') : (await import('wsbroker')).default;
const where = options.broker === 'ours' ? { host: '127.0.0.1' } : { server: loopbackServer() };
const broker = new library.Broker({ ...config, ...where }) as ApplicationBroker;

const listening = (): void => {
  const address = broker.httpServer.address();
  if (typeof address === 'object' && address !== null) report({ port: address.port });
};
if (broker.httpServer.listening) listening();
else broker.httpServer.once('listening', listening);

/** Of what the seed exports, what is there. */
const exported = ['Broker', 'Lodash', 'WS', 'Request'].filter((name) => name in library);

// The test is gone: so is its broker.
process.once('disconnect', () => process.exit());
process.on('message', ({ task }: { task: string }) => {
  if (task === 'what the package exports') report({ channel: 'exports', entry: exported });
  else tasks[task]?.(broker);
});
