import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import * as protocol from './index.ts';

/**
 * The wire of each version, as a hash over the JSON Schema of everything that the package exports.
 * What a `refine` checks is not in it: those have tests of their own (command.test.ts, json.test.ts).
 */
const pinned: Readonly<Record<number, string>> = {
  1: '4d47e332f792ecdc394da82c9109c5982f61fc489f792fedd34dedf0f2553837',
};

/** Every schema that is exported, alone or in a list of schemas, by name. */
const wireSchemas = (exported: object): [string, z.ZodType][] =>
  Object.entries(exported)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]): [string, z.ZodType][] => {
      if (value instanceof z.ZodType) return [[name, value]];
      if (!name.endsWith('Schemas')) return [];
      return wireSchemas(value as object).map(([inner, schema]) => [`${name}.${inner}`, schema]);
    });

const hashOf = (schemas: [string, z.ZodType][]): string =>
  createHash('sha256')
    .update(JSON.stringify(schemas.map(([name, schema]) => [name, z.toJSONSchema(schema)])))
    .digest('hex');

test('the wire is the one that is pinned to protocolVersion', () => {
  const hash = hashOf(wireSchemas(protocol));
  expect(
    hash,
    `A schema of the wire has changed; its hash is now ${hash}.
If an older peer would misunderstand, or refuse, what a newer one sends: raise protocolVersion in version.ts and pin the hash to the new number.
If not (a new optional field, an upgrade of zod that writes JSON Schema otherwise): update the pin of version ${protocol.protocolVersion}.
Either way, say it in docs/protocol.md and in a changeset.`,
  ).toBe(pinned[protocol.protocolVersion]);
});

test('every schema that is exported is pinned', () => {
  const names = wireSchemas(protocol).map(([name]) => name);
  const exported = Object.keys(protocol).filter((name) => name.endsWith('Schema'));
  expect(names).toEqual(expect.arrayContaining(exported));
  expect(names).toContain('commandResultSchemas.list');
  expect(names.length).toBeGreaterThan(45);
});

test('a changed bound, field or value changes the hash', () => {
  const pinnedSchema: [string, z.ZodType][] = [
    ['a', z.looseObject({ x: z.string().max(5), y: z.enum(['a']) })],
  ];
  const changed = [
    z.looseObject({ x: z.string().max(6), y: z.enum(['a']) }),
    z.looseObject({ x: z.string().max(5).optional(), y: z.enum(['a']) }),
    z.looseObject({ x: z.string().max(5), y: z.enum(['a', 'b']) }),
    z.object({ x: z.string().max(5), y: z.enum(['a']) }),
  ];
  for (const schema of changed) expect(hashOf([['a', schema]])).not.toBe(hashOf(pinnedSchema));
  expect(hashOf([['b', pinnedSchema[0]?.[1] ?? z.never()]])).not.toBe(hashOf(pinnedSchema));
});

test('no schema changes what it checks, so that a decoded value is the value that was sent', () => {
  for (const [name, schema] of wireSchemas(protocol)) {
    const [input, output] = [
      z.toJSONSchema(schema, { io: 'input' }),
      z.toJSONSchema(schema, { io: 'output' }),
    ];
    expect(input, name).toEqual(output);
  }
});
