/** This broker, with its default options, and so without a backend. */
import { Broker } from '@wsbroker/broker';
import { serve } from '../harness/serve.ts';

serve(async () => {
  const broker = Broker({ port: 0, host: '127.0.0.1' });
  await broker.ready;
  return broker.port;
});
