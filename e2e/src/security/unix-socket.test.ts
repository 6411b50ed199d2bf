import { Broker } from '@wsbroker/broker';
import { brokerStarter, connectRaw, has } from '@wsbroker/testkit';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const startBroker = brokerStarter(Broker);

const page = `
  $request = curl_init('http://localhost/');
  curl_setopt_array($request, [
      CURLOPT_UNIX_SOCKET_PATH => $argv[1],
      CURLOPT_POSTFIELDS => http_build_query(['data' => json_encode([
          ['type' => 'send', 'message' => ['type' => 'hello']],
      ])]),
      CURLOPT_RETURNTRANSFER => true,
  ]);
  print(curl_exec($request));`;

test.skipIf(!has('php'))('PHP sends commands through the Unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wsb-'));
  {
    const commandSocket = join(folder, 'commands');
    await using broker = await startBroker({ commandSocket });
    await using client = await connectRaw(broker.url);
    const { stdout } = await promisify(execFile)('php', ['-r', page, commandSocket]);
    expect(stdout).toBe('[{"matched":1}]');
    expect(await client.next()).toEqual({ type: 'hello' });
  }
  rmSync(folder, { recursive: true });
});
