import { lstatSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { BrokerError } from '../../ops/broker-error.ts';
import { reasonOf } from '../../ops/reason.ts';

/** Owner and group may write, and so send commands; others may not. */
const umaskOfFile = 0o117;

/**
 * Listens on a Unix socket. What a former process has left in its place is removed; a socket that somebody
 * listens on is not.
 * @throws BrokerError `port-taken`, `listen-failed`
 */
export const listenOnFile = async (server: Server, path: string): Promise<void> => {
  checkFolder(path);
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    const onListening = (): void => {
      server.off('error', onError);
      resolve();
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      reject(error.code === 'EADDRINUSE' ? taken(path, error) : failed(path, reasonOf(error), error));
    };
    server.once('listening', onListening);
    server.once('error', onError);
    withUmask(path, () => {
      // `exclusive`: in a cluster the file would else be made by the primary process, with its own mask.
      server.listen({ path, exclusive: true });
    });
  });
};

/** The file is made within `listen()`, and must not be open to everybody even for a moment. */
const withUmask = (path: string, listen: () => void): void => {
  let before: number;
  try {
    before = process.umask(umaskOfFile);
  } catch (error) {
    throw failed(
      path,
      'in a worker thread the mode of a file cannot be chosen; use `commandPort` here',
      error,
    );
  }
  try {
    listen();
  } finally {
    process.umask(before);
  }
};

const checkFolder = (path: string): void => {
  const folder = dirname(path);
  let stats: Stats | undefined;
  try {
    stats = statSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(path, reasonOf(error), error);
  }
  if (!stats) throw failed(path, `there is no folder ${folder}; make it first`);
};

const removeStale = async (path: string): Promise<void> => {
  const found = statsOf(path);
  if (!found) return;
  if (!found.isSocket()) {
    throw failed(path, 'there is a file of that name which is no socket; remove it, or choose another name');
  }
  if (await isListenedOn(path)) throw taken(path);
  // Unless another broker that starts at the same time has put its own there meanwhile.
  if (statsOf(path)?.ino !== found.ino) throw taken(path);
  try {
    unlinkSync(path);
  } catch (error) {
    throw failed(path, `what a former process has left there cannot be removed: ${reasonOf(error)}`, error);
  }
};

const statsOf = (path: string): Stats | undefined => {
  try {
    // Not what a link leads to.
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(path, reasonOf(error), error);
  }
};

const isListenedOn = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const probe = connect({ path });
    const answer = (isTaken: boolean): void => {
      probe.destroy();
      resolve(isTaken);
    };
    probe.once('connect', () => answer(true));
    probe.once('error', (error: NodeJS.ErrnoException) => {
      switch (error.code) {
        case 'ECONNREFUSED':
        case 'ENOENT':
          return answer(false);
        // So many wait there already that no more are taken.
        case 'EAGAIN':
          return answer(true);
        default:
          reject(failed(path, `whether somebody listens there cannot be told: ${reasonOf(error)}`, error));
      }
    });
  });

const taken = (path: string, cause?: unknown): BrokerError =>
  new BrokerError(
    'port-taken',
    `The \`commandSocket\` ${path} is taken: another program listens there; stop it, or choose another path`,
    { cause },
  );

const failed = (path: string, why: string, cause?: unknown): BrokerError =>
  new BrokerError('listen-failed', `Cannot listen on the \`commandSocket\` ${path}: ${why}`, { cause });
