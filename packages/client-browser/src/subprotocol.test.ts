import { subprotocol as ofTheProtocol } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { subprotocol } from './subprotocol.ts';

test('is the one of the protocol', () => {
  expect(subprotocol).toBe(ofTheProtocol);
});
