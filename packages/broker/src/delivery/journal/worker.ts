/** The journal's thread: waits for the disk, so that the event loop of the broker does not. */
import { parentPort, workerData } from 'node:worker_threads';
import type { JournalChange } from './journal.ts';
import { JournalFile } from './journal-file.ts';
import { commitFailureOf, whyUnusable } from './sqlite-failure.ts';
import type { FromWorker, JournalFileOptions, ToWorker } from './worker-message.ts';

if (!parentPort) throw new Error('This file is the thread of a journal, and is not run by itself');
const port = parentPort;

const answer = (message: FromWorker): void => port.postMessage(message);

const open = (): JournalFile | undefined => {
  try {
    const file = new JournalFile(workerData as JournalFileOptions);
    answer({ kind: 'opened' });
    return file;
  } catch (error) {
    answer({ kind: 'unusable', text: whyUnusable(error) });
    return undefined;
  }
};

const load = (file: JournalFile): FromWorker => {
  try {
    return { kind: 'loaded', content: file.load() };
  } catch (error) {
    return { kind: 'unusable', text: whyUnusable(error) };
  }
};

const write = (file: JournalFile, { changes, purpose }: ToWorker & { kind: 'write' }): FromWorker => {
  try {
    if (typeof changes !== 'string') file.commit({ changes, purpose });
    else file.commit({ changes: JSON.parse(changes) as JournalChange[], purpose }, changes);
    return { kind: 'committed', atNs: process.hrtime.bigint() };
  } catch (error) {
    return { kind: 'failed', ...commitFailureOf(error) };
  }
};

const file = open();
if (file) {
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'write') answer(write(file, message));
    else if (message.kind === 'load') answer(load(file));
    else {
      // The last connection writes the log back into the file and removes it.
      file.close();
      port.close();
    }
  });
}
