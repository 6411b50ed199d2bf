import { mayReconnect as ruleOfTheProtocol } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { mayReconnect } from './close-code.ts';

test('comes back by the same rule as the protocol', () => {
  for (let code = 1000; code < 5000; code++) {
    expect(mayReconnect(code), String(code)).toBe(ruleOfTheProtocol(code));
  }
});
