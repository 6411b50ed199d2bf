import type { Batch, Decoded, DecodeError, Notification } from '@wsbroker/protocol';
import { type Answer, commandsAnswer, errorAnswer } from './answer.ts';
import { isRejectEvent } from './backend-error.ts';
import { batchEventFacts, type EventFacts, type EventHeaders, readEventFacts } from './context.ts';
import { isEventBusy } from './dedupe-store.ts';
import type { Report } from './report.ts';

/** Takes an event to its handler, or to the answer of the first time; gives the commands as JSON. */
type HandleEvent = (notification: Notification, event: EventFacts) => Promise<string>;

/** Of an event that another attempt is still at work on. */
const retryAfterSeconds = 1;

/** Answers one event with its commands, or with the status that says what the broker is to do with it. */
export const answerEvent = async (
  notification: Decoded<Notification>,
  headers: EventHeaders,
  { handle, report }: AnswerContext,
): Promise<Answer> => {
  if (!notification.ok) return notAnEvent(notification.error);
  const event = readEventFacts(notification.value.message.type, headers);
  try {
    return commandsAnswer(await handle(notification.value, event));
  } catch (error) {
    if (isRejectEvent(error)) return errorAnswer(422, error.code, error.message);
    if (isEventBusy(error)) return { ...errorAnswer(503, error.code, error.message), retryAfterSeconds };
    report(error, event);
    // The error's own text stays here: it may hold a password, and this goes into the broker's log.
    return errorAnswer(
      500,
      'handler-failed',
      `The handler of ${JSON.stringify(event.type)} failed: the backend's own log says why`,
    );
  }
};

/**
 * Answers several events, each as if it had come alone, and with null where alone it would get an error: the broker
 * then sends that one alone, and it gets its own status.
 */
export const answerBatch = async (
  batch: Decoded<Batch>,
  headers: EventHeaders,
  { handle, report }: AnswerContext,
): Promise<Answer> => {
  if (!batch.ok) return notAnEvent(batch.error);
  const answers = batch.value.events.map(async (one) => {
    const event = batchEventFacts(one, headers);
    try {
      return await handle(one, event);
    } catch (error) {
      if (!isRejectEvent(error) && !isEventBusy(error)) report(error, event);
      return 'null';
    }
  });
  return commandsAnswer(`[${(await Promise.all(answers)).join(',')}]`);
};

export interface AnswerContext {
  readonly handle: HandleEvent;
  readonly report: Report;
}

const notAnEvent = ({ code, message }: DecodeError): Answer =>
  errorAnswer(code === 'bad-content-type' ? 415 : 400, code, message);
