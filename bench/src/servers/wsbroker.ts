/** This broker. */
import { serve } from '../harness/serve.ts';
import { ourBroker } from './our-broker.ts';

serve(ourBroker);
