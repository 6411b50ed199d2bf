import * as v from 'valibot';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineContract } from './contract.ts';

test('gives the definition back, with the very schemas that it was given', () => {
  const definition = {
    clientMessages: { say: z.object({ text: z.string() }) },
    serverMessages: { said: v.object({ who: v.string() }) },
    requests: { history: { request: z.object({}), reply: v.object({ lines: v.array(v.string()) }) } },
    session: z.object({ name: z.string() }),
  };
  expect(defineContract(definition)).toBe(definition);
});

test('every part may be left out', () => {
  expect(defineContract({})).toEqual({});
});

test.each(['zod', 'valibot'])('the schemas of %s validate through Standard Schema', async (library) => {
  const contract = defineContract({
    clientMessages: {
      say: library === 'zod' ? z.object({ text: z.string() }) : v.object({ text: v.string() }),
    },
  });
  const { validate } = contract.clientMessages.say['~standard'];
  expect(await validate({ text: 'x' })).toEqual(expect.objectContaining({ value: { text: 'x' } }));
  expect((await validate({ text: 1 })).issues?.[0]?.message).toBeTypeOf('string');
});

const schema = z.object({});

test.each(['', 'say hello', 'é', 'x'.repeat(65)])(
  'throws at the type %j, which no message can have',
  (type) => {
    const expected = 'expected 1 to 64 of A-Z a-z 0-9 . _ : -';
    const requests = { [type]: { request: schema, reply: schema } };
    expect(() => defineContract({ clientMessages: { [type]: schema } })).toThrow(
      `defineContract: clientMessages has the type ${JSON.stringify(type)}: ${expected}`,
    );
    expect(() => defineContract({ serverMessages: { [type]: schema } })).toThrow(
      'serverMessages has the type',
    );
    expect(() => defineContract({ requests })).toThrow('requests has the type');
  },
);

test('throws at a type with the prefix that the broker puts there', () => {
  expect(() => defineContract({ clientMessages: { 'client-say': schema } })).toThrow(
    'defineContract: clientMessages has the type "client-say", but the broker puts "client-" there: leave it out',
  );
  const requests = { 'client-say': { request: schema, reply: schema } };
  expect(() => defineContract({ requests })).toThrow('requests has the type "client-say"');
  expect(() => defineContract({ serverMessages: { 'client-left': schema } })).not.toThrow();
});
