/** This broker, with its turns watched. */
import { serve } from '../harness/serve.ts';
import { turnAnswers } from './longest-turn.ts';
import { ourBroker } from './our-broker.ts';

serve(ourBroker, turnAnswers());
