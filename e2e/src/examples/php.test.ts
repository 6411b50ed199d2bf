import { has } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { testChat } from './chat-script.ts';
import { phpExample, startExample } from './example.ts';
import { testOnce } from './once-script.ts';
import { testSignatures } from './signature-script.ts';

testChat('php', phpExample);
testOnce('php', phpExample);
testSignatures('php', phpExample);

test.skipIf(!has('php'))(
  'list.php says in a page and in a terminal when the broker cannot be reached',
  { timeout: 120_000 },
  async () => {
    await using example = await startExample(phpExample);
    await example.broker.process.stop();
    const response = await fetch(`${example.backendUrl}list.php`, { headers: { connection: 'close' } });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('The broker cannot be reached');
    expect(await example.list()).toMatchObject({
      code: 1,
      output: expect.stringContaining('The broker cannot be reached') as string,
    });
  },
);
