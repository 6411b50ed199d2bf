/** As `wsbroker.ts`, with its turns watched. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { serve } from '../harness/serve.ts';
import { turnAnswers } from './longest-turn.ts';

serve(async (options: BrokerOptions) => {
  const broker = Broker({
    port: 0,
    host: '127.0.0.1',
    log: false,
    backend: { type: 'function', allow: ['127.0.0.1'], handle: () => [] },
    ...options,
  });
  await broker.ready;
  return broker.port;
}, turnAnswers());
