import { expect, test } from 'vitest';
import { Disposables } from './disposables.ts';

test('what was taken in is ended in reverse order, once', async () => {
  const ended: number[] = [];
  const disposables = new Disposables();
  for (const n of [1, 2, 3]) {
    disposables.use({
      async [Symbol.asyncDispose]() {
        await Promise.resolve();
        ended.push(n);
      },
    });
  }
  await disposables[Symbol.asyncDispose]();
  await disposables[Symbol.asyncDispose]();
  expect(ended).toEqual([3, 2, 1]);
});
