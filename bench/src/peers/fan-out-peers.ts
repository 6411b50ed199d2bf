import { type Server, startServer } from '../harness/server.ts';
import { chatMessage, type FanOutParams } from '../load/fan-out.ts';
import type { WireName } from '../load/wires.ts';
import type { Contender } from '../scenario.ts';
import { installedVersion } from '../harness/machine.ts';
import { missingNchan, nchanVersion, startNchan } from './nchan.ts';
import { missingPushpin, pushpinChannel, pushpinVersion, startPushpin } from './pushpin.ts';

/** How a contender of the fan-out is started and published to, and what its clients speak. */
export interface FanOutPeer extends Omit<Contender, 'measure'> {
  readonly wire: WireName;
  readonly start: () => Promise<Server>;
  readonly publication: (server: Server) => FanOutParams['publication'];
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

const command = `[{"type":"send","message":${chatMessage}}]`;
const plainBody = `{"message":${chatMessage}}`;
const pushpinBody = JSON.stringify({
  items: [{ channel: pushpinChannel, formats: { 'ws-message': { content: chatMessage } } }],
});

const wsbroker: FanOutPeer = {
  name: 'wsbroker',
  wire: 'plain',
  start: () => startServer('wsbroker'),
  publication: ({ port }) => ({ port, path: '/', contentType: json, body: command }),
};

/** The port to publish to is known only to the one that was started. */
const pushpin = (): FanOutPeer => {
  let publishPort = 0;
  return {
    name: 'pushpin',
    wire: 'pushpin',
    missing: missingPushpin,
    version: pushpinVersion,
    notFor: ['quick', 'smoke'],
    async start() {
      const server = await startPushpin();
      ({ publishPort } = server);
      return server;
    },
    publication: () => ({
      port: publishPort,
      path: '/publish/',
      contentType: json,
      body: pushpinBody,
      isAnsweredEarly: true,
    }),
  };
};

/** With sockets as nchan has them. */
export const likeNchan = 'wsbroker, Nagle on';

export const fanOutPeers: readonly FanOutPeer[] = [
  wsbroker,
  { ...wsbroker, name: 'wsbroker, v1 clients', wire: 'wsbroker.v1' },
  {
    name: 'plain ws',
    version: () => installedVersion('ws'),
    wire: 'plain',
    start: () => startServer('ws'),
    publication: ({ port }) => ({ port, path: '/', contentType: json, body: plainBody }),
  },
  {
    name: 'socket.io',
    version: () => installedVersion('socket.io'),
    wire: 'socket.io',
    start: () => startServer('socket-io'),
    publication: ({ port }) => ({ port, path: '/', contentType: json, body: plainBody }),
  },
  {
    name: 'wsbroker 1.0.15',
    notFor: ['quick'],
    wire: 'plain',
    start: () => startServer('seed'),
    publication: ({ port }) => ({
      port,
      path: '/',
      contentType: form,
      body: `data=${encodeURIComponent(command)}`,
    }),
  },
  {
    ...wsbroker,
    name: likeNchan,
    notFor: ['quick'],
    start: () => startServer('wsbroker-nagle'),
  },
  {
    name: 'nchan',
    wire: 'nchan',
    missing: missingNchan,
    version: nchanVersion,
    start: startNchan,
    publication: ({ port }) => ({ port, path: '/pub', contentType: json, body: chatMessage }),
  },
  pushpin(),
];
