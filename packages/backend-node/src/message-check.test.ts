import type { MessageSchemas } from '@wsbroker/protocol';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkMessage } from './message-check.ts';

type Validator = MessageSchemas[string];

const failing = (
  issues: { message: string; path?: (PropertyKey | { key: PropertyKey })[] }[],
): Validator => ({
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) },
});

test('gives the output of a zod schema, defaults put in and unknown fields left out', async () => {
  const schema = z.object({ text: z.string().trim(), loud: z.boolean().default(false) });
  expect(await checkMessage('say', schema, { text: ' hi ', more: 1 })).toEqual({
    ok: true,
    fields: { text: 'hi', loud: false },
  });
});

test('gives the output of a valibot schema', async () => {
  const schema = v.object({ x: v.optional(v.number(), 3) });
  expect(await checkMessage('move', schema, {})).toEqual({ ok: true, fields: { x: 3 } });
});

test('waits for an asynchronous validator', async () => {
  const schema = z.object({ name: z.string() }).refine(async () => Promise.resolve(false), 'is taken');
  expect(await checkMessage('rename', schema, { name: 'x' })).toEqual({
    ok: false,
    text: 'rename is not valid: is taken',
  });
});

test('names the path and what was expected', async () => {
  const schema = z.object({ players: z.array(z.object({ name: z.string() })) });
  const checked = await checkMessage('start', schema, { players: [{ name: 'a' }, { name: 7 }] });
  expect(checked).toMatchObject({ ok: false });
  expect(!checked.ok && checked.text).toMatch(/^start is not valid: players\[1\]\.name: .*expected string/i);
});

test('reads the paths of valibot, whose parts are objects', async () => {
  const schema = v.object({ to: v.object({ x: v.number() }) });
  const checked = await checkMessage('move', schema, { to: { x: 'far' } });
  expect(!checked.ok && checked.text).toMatch(/^move is not valid: to\.x: .*number/);
});

test('shows three issues at most, and no more than 500 characters', async () => {
  const issues = ['a', 'b', 'c', 'd'].map((message) => ({ message, path: [message] }));
  expect(await checkMessage('say', failing(issues), {})).toEqual({
    ok: false,
    text: 'say is not valid: a: a; b: b; c: c',
  });
  const long = await checkMessage('say', failing([{ message: 'x'.repeat(10_000) }]), {});
  expect(!long.ok && long.text.length).toBe(500);
});

test('takes symbols and numbers first in a path', async () => {
  const checked = await checkMessage('say', failing([{ message: 'bad', path: [0, Symbol('s')] }]), {});
  expect(checked).toEqual({ ok: false, text: 'say is not valid: [0].Symbol(s): bad' });
});

test('throws what the validator throws', async () => {
  const schema: Validator = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        throw new Error('a bug');
      },
    },
  };
  await expect(checkMessage('say', schema, {})).rejects.toThrow('a bug');
});
