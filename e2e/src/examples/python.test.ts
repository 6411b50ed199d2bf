import { has } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { testChat } from './chat-script.ts';
import { pythonExample, startExample } from './example.ts';
import { testOnce } from './once-script.ts';
import { testSignatures } from './signature-script.ts';

testChat('python3', pythonExample);
testOnce('python3', pythonExample);
testSignatures('python3', pythonExample);

test.skipIf(!has('python3'))(
  'list.py says when the broker cannot be reached',
  { timeout: 120_000 },
  async () => {
    await using example = await startExample(pythonExample);
    await example.broker.process.stop();
    expect(await example.list()).toMatchObject({
      code: 1,
      output: expect.stringContaining('The broker cannot be reached') as string,
    });
  },
);
