import type { ErrorCode } from '@wsbroker/protocol';
import type { ServerResponse } from 'node:http';

/** Why a command POST is not taken: none of its commands run. */
export interface CommandRefusal {
  readonly status: number;
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
}

export const tooLarge = (maxBytes: number): CommandRefusal => ({
  status: 413,
  code: 'too-large',
  message: `The body is larger than ${maxBytes} bytes: send fewer commands at once, or raise \`maxCommandBytes\`.`,
});

export const answerJson = (response: ServerResponse, status: number, json: string): void => {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
    // What was not read of a refused body would be taken for the next request.
    ...(status === 200 ? {} : { connection: 'close' }),
  });
  response.end(json);
};

export const refuseCommands = (response: ServerResponse, { status, code, message }: CommandRefusal): void =>
  answerJson(response, status, JSON.stringify({ error: { code, message } }));
