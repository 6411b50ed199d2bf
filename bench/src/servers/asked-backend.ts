import { Pool, request } from 'undici';

/** What the server of a peer is started with. */
export interface EventOptions {
  readonly backendUrl: string;
}

interface Command {
  readonly type: string;
  readonly message?: unknown;
}

/** POSTs a message as one would with undici, and gives the messages that are to be sent for it. */
export const askedBackend = (backendUrl: string) => {
  const dispatcher = new Pool(new URL(backendUrl).origin);
  return async (message: unknown, connection: object): Promise<readonly unknown[]> => {
    const { body } = await request(backendUrl, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, connection }),
    });
    const commands = (await body.json()) as Command[];
    return commands.filter(({ type }) => type === 'send').map(({ message: answer }) => answer);
  };
};
