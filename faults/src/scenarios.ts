import type { Scenario } from './scenario.ts';
import { backendAnswersBadly } from './scenarios/backend-answers-badly.ts';
import { backendDown } from './scenarios/backend-down.ts';
import { backendKilled } from './scenarios/backend-killed.ts';
import { brokerKilled } from './scenarios/broker-killed.ts';
import { brokerTerminated } from './scenarios/broker-terminated.ts';
import { clientsStopped } from './scenarios/clients-stopped.ts';
import { commitOrder } from './scenarios/commit-order.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { handlersThrow } from './scenarios/handlers-throw.ts';
import { requestsHang } from './scenarios/requests-hang.ts';
import { streamCutAgain } from './scenarios/stream-cut-again.ts';
import { streamCut } from './scenarios/stream-cut.ts';

export const scenarios: readonly Scenario[] = [
  backendKilled,
  brokerKilled,
  commitOrder,
  streamCut,
  streamCutAgain,
  requestsHang,
  backendAnswersBadly,
  backendDown,
  brokerTerminated,
  diskFull,
  handlersThrow,
  clientsStopped,
];
