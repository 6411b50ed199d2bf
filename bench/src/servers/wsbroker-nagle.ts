/** This broker as nchan treats its sockets: what is sent waits for the client's TCP to have acknowledged what was. */
import { serve } from '../harness/serve.ts';
import { ourBroker } from './our-broker.ts';

serve(() =>
  ourBroker({
    onClientConnect({ upgradeReq }) {
      upgradeReq.socket.setNoDelay(false);
    },
  }),
);
