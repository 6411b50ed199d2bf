import { expect, test } from 'vitest';
import { subprotocol } from './subprotocol.ts';
import { protocolVersion } from './version.ts';

test('P55: the subprotocol carries the version of the wire, as a name that a handshake can ask for', () => {
  expect(subprotocol).toBe(`wsbroker.v${protocolVersion}`);
  expect(subprotocol).toMatch(/^[!#$%&'*+.^_`|~\w-]+$/);
});
