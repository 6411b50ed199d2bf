/** What the demo's own processes tell the one that has started them. */
export type ChildMessage =
  | { readonly type: 'listening'; readonly port?: number }
  /** It cannot start, and ends. */
  | { readonly type: 'failed'; readonly text: string; readonly code?: string | undefined }
  /** How it stands with the broker's sockets. */
  | ({ readonly type: 'sockets' } & SocketFigures);

export interface SocketFigures {
  /** Sockets that are open now. */
  readonly sockets: number;
  /** Connections that have ended since this broker was started. */
  readonly disconnects: number;
}

export const tellParent = (message: ChildMessage): void => {
  process.send?.(message);
};
