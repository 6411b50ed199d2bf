import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { prepareStatements, tables } from './schema.ts';

test('no statement has numbered parameters, to which the oldest Node that we run on binds nothing', () => {
  using database = new DatabaseSync(':memory:');
  database.exec(tables);
  const statements = Object.values(prepareStatements(database));
  expect(statements.map(({ sourceSQL }) => sourceSQL).filter((sql) => /\?\d/.test(sql))).toEqual([]);
});
