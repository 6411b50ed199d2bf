import { expect, test } from 'vitest';

import { missingPrograms } from './programs.mjs';

test('says what a missing program leaves out, and how to get it', async () => {
  const lines = await missingPrograms({ PATH: '/nowhere' });
  expect(lines).toContain(
    'PHP with curl and SQLite is missing, so the tests with a PHP backend were left out: sudo apt-get install php-cli php-curl php-sqlite3',
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^Python 3 is missing, .*: sudo apt-get install python3$/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^nginx is missing, .*: sudo apt-get install nginx-light$/),
  );
});
