import { installedVersion } from '../harness/machine.ts';
import { type NodeServer, startServer } from '../harness/server.ts';
import type { WireName } from '../load/wires.ts';
import type { Contender } from '../scenario.ts';

/** How a contender is started that many clients come to, and what they speak. */
export interface CrowdPeer extends Omit<Contender, 'measure'> {
  readonly wire: WireName;
  readonly start: (nodeOptions?: readonly string[]) => Promise<NodeServer>;
}

const wsbroker: CrowdPeer = {
  name: 'wsbroker',
  wire: 'plain',
  start: (nodeOptions) => startServer('wsbroker', {}, nodeOptions),
};

/** Nobody is told of its clients, as with `ws` alone. */
export const withoutBackend: CrowdPeer = {
  name: 'wsbroker, without a backend',
  wire: 'plain',
  start: (nodeOptions) => startServer('wsbroker-alone', {}, nodeOptions),
};

export const crowdPeers: readonly CrowdPeer[] = [
  wsbroker,
  { ...wsbroker, name: 'wsbroker, v1 clients', wire: 'wsbroker.v1' },
  {
    name: 'plain ws',
    version: () => installedVersion('ws'),
    wire: 'plain',
    start: (nodeOptions) => startServer('ws-sessions', {}, nodeOptions),
  },
  {
    name: 'socket.io',
    version: () => installedVersion('socket.io'),
    wire: 'socket.io',
    start: (nodeOptions) => startServer('socket-io', {}, nodeOptions),
  },
  {
    name: 'wsbroker 1.0.15',
    notFor: ['quick'],
    wire: 'plain',
    start: (nodeOptions) => startServer('seed', {}, nodeOptions),
  },
];
