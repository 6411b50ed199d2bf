import { expect, test } from 'vitest';
import { addressOfRoom, roomOfAddress } from './room-address.ts';

test.each(['lobby', 'комната', 'a_b-c'])('%s is found by its address', (room) => {
  expect(roomOfAddress(addressOfRoom(room))).toBe(room);
});

test.each(['', '#', '#%', '#a/b', '#*'])('%j is the address of no room', (hash) => {
  expect(roomOfAddress(hash)).toBeUndefined();
});
