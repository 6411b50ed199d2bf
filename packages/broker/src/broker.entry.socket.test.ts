import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brokerStarter } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from './index.ts';

const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const startBroker = brokerStarter(Broker);

/** Runs a script in a Node of its own, as a user's program; gives what it prints. */
const run = async (type: 'commonjs' | 'module', script: string): Promise<string> => {
  const args = [`--input-type=${type}`, '--eval', script, entry];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  expect(stderr).toBe('');
  return stdout;
};

const startAndClose = `
  const broker = Broker({ port: 0, host: '127.0.0.1', log: true });
  broker.ready.then(() => broker.close());
`;

test('`import` of the built entry gives a Broker that listens, and nothing keeps the process once it is closed', async () => {
  const output = await run('module', `const { Broker } = await import(process.argv[1]);\n${startAndClose}`);
  expect(output).toMatch(/^➥ websocket server listening on port \d+\n➥ websocket server closed\n$/);
});

test('`require` of the built entry gives the same Broker', async () => {
  const output = await run('commonjs', `const { Broker } = require(process.argv[1]);\n${startAndClose}`);
  expect(output).toMatch(/^➥ websocket server listening on port \d+\n➥ websocket server closed\n$/);
});

test("the seed page's `new require('wsbroker').Broker({…})`, which is a call and no construction, starts a broker", async () => {
  const output = await run(
    'commonjs',
    `var broker = new require(process.argv[1]).Broker({ port: 0, host: '127.0.0.1', log: true });
     broker.ready.then(() => broker.close());`,
  );
  expect(output).toMatch(/listening on port \d+\n.*closed\n$/);
});

test('the built entry names what it offers', async () => {
  const names = await run('module', `console.log(Object.keys(await import(process.argv[1])).join())`);
  expect(names.trim().split(',')).toEqual(['Broker', 'BrokerError', 'createJsonLogger', 'createTextLogger']);
});

test('Broker works without `new`, and what it gives is an instance of Broker', async () => {
  await using broker = await startBroker();
  expect(broker).toBeInstanceOf(Broker);
});

test('Broker works with `new`, and what it gives is an instance of Broker', async () => {
  await using broker = await brokerStarter(
    (options: ConstructorParameters<typeof Broker>[0]) => new Broker(options),
  )();
  expect(broker).toBeInstanceOf(Broker);
  expect(Object.getPrototypeOf(broker)).toBe(Broker.prototype);
});

test('a missing port without a server is a bad option that says what to give', () => {
  expect(() => Broker({})).toThrow(
    expect.objectContaining({
      code: 'bad-option',
      message: expect.stringContaining('`port` is missing') as string,
    }),
  );
});
