/** Seeds one violation of each rule into a small copy of the house, and lints that. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `[file, source]`; the rule in the name of the group has to report this file, or has not to. */
type Sample = readonly [file: string, source: string];

const broker = (path: string): string => `packages/broker/src/${path}`;

const forbiddenImports: readonly Sample[] = [
  // Between packages.
  ['packages/protocol/src/node.ts', `export { readFileSync } from 'node:fs';`],
  ['packages/protocol/src/crypto.ts', `export { createHmac } from 'node:crypto';`],
  ['packages/protocol/src/library.ts', `export { parse } from 'cookie';`],
  ['packages/protocol/src/broker.ts', `export { Broker } from '@wsbroker/broker';`],
  ['packages/protocol/src/value.ts', `export { StandardSchemaV1 } from '@standard-schema/spec';`],
  ['packages/client-browser/src/zod.ts', `import * as z from 'zod'; export const schema = z.string();`],
  ['packages/client-browser/src/value.ts', `export { matches } from '@wsbroker/protocol';`],
  [
    'packages/client-browser/src/signature.ts',
    `export type { Unsigned } from '@wsbroker/protocol/signature';`,
  ],
  ['packages/client-browser/src/broker.ts', `export type { Broker } from '@wsbroker/broker';`],
  ['packages/client-browser/src/node.ts', `export { EventEmitter } from 'node:events';`],
  ['packages/backend-node/src/broker.ts', `export { Broker } from '@wsbroker/broker';`],
  ['packages/backend-node/src/client.ts', `export { createClient } from '@wsbroker/client-browser';`],
  ['packages/backend-node/src/path.ts', `export { Broker } from '../../broker/src/broker.ts';`],
  [broker('edge/client.ts'), `export { createClient } from '@wsbroker/client-browser';`],
  [broker('edge/backend.ts'), `export { createBackend } from '@wsbroker/backend-node';`],
  [broker('edge/testkit.ts'), `export const kit = await import('@wsbroker/testkit');`],
  // Past the public entry point.
  ['apps/demo/src/dist.ts', `export { Broker } from '@wsbroker/broker/dist/index.js';`],
  ['e2e/source.test.ts', `export { Hub } from '@wsbroker/broker/src/hub/hub.ts';`],
  ['e2e/path.test.ts', `export { Hub } from '../packages/broker/src/hub/hub.ts';`],
  // Between the layers of the broker: each from the layer just above.
  [broker('delivery/up.ts'), `export { Socket } from '../edge/socket.ts';`],
  [broker('backend/up.ts'), `export type { Delivery } from '../delivery/delivery.ts';`],
  [broker('commands/up.ts'), `export { send } from '../backend/http-backend.ts';`],
  [broker('cluster/up.ts'), `export { apply } from '../commands/apply.ts';`],
  [broker('hub/up.ts'), `export { Engine } from '../cluster/engine.ts';`],
  [broker('hub/dynamic.ts'), `export const edge = await import('../edge/socket.ts');`],
  [broker('hub/type.ts'), `export type Edge = import('../../src/edge/socket.ts').Edge;`],
  [broker('hub/composition.ts'), `export { Broker } from '../broker.ts';`],
  [broker('ops/up.ts'), `export { Hub } from '../hub/hub.ts';`],
  [broker('ops/composition.ts'), `export { Broker } from '../broker.ts';`],
  [broker('options.ts'), `export { Hub } from './hub/hub.ts';`],
  // Libraries with one home.
  [broker('hub/ws.ts'), `export type { WebSocket } from 'ws';`],
  [broker('broker.ts'), `export { WebSocketServer } from 'ws';`],
  [broker('delivery/cookie.ts'), `export { parse } from 'cookie';`],
  [broker('backend/undici.ts'), `export { Pool } from 'undici';`],
];

const allowedImports: readonly Sample[] = [
  ['packages/protocol/src/allowed.ts', `import * as z from 'zod'; export const schema = z.string();`],
  ['packages/protocol/src/signature.ts', `export { createHmac } from 'node:crypto';`],
  ['packages/protocol/src/allowed-type.ts', `export type { StandardSchemaV1 } from '@standard-schema/spec';`],
  ['packages/client-browser/src/allowed.ts', `export type { Criteria } from '@wsbroker/protocol';`],
  ['packages/client-browser/src/allowed.test.ts', `export { Broker } from '@wsbroker/broker';`],
  ['packages/backend-node/src/signed.ts', `export { sign } from '@wsbroker/protocol/signature';`],
  [broker('edge/signed.ts'), `export { verify } from '@wsbroker/protocol/signature';`],
  ['packages/backend-node/src/allowed.ts', `export { matches } from '@wsbroker/protocol';`],
  ['apps/demo/src/allowed.ts', `export { Broker } from '@wsbroker/broker';`],
  ['e2e/allowed.test.ts', `export { useClient } from '@wsbroker/client-browser/react';`],
  [broker('edge/allowed.ts'), `export { WebSocketServer } from 'ws'; export { Hub } from '../hub/hub.ts';`],
  [broker('delivery/allowed.ts'), `export { Backend } from '../backend/backend.ts';`],
  [broker('backend/http-poster.ts'), `export { Pool } from 'undici';`],
  [broker('commands/allowed.ts'), `export { Engine } from '../cluster/engine.ts';`],
  [broker('hub/allowed.ts'), `export { options } from '../options.ts'; export { log } from '../ops/log.ts';`],
  [broker('hub/allowed.test.ts'), `export { Socket } from '../edge/socket.ts';`],
  [broker('api.ts'), `export type { WebSocketServer } from 'ws'; export { log } from './ops/log.ts';`],
  [broker('cli.ts'), `export { Broker } from './broker.ts';`],
];

const violations: ReadonlyArray<readonly [rule: string, ...Sample]> = [
  ['house(import-ending)', broker('ending.ts'), `export { Hub } from './hub/hub';`],
  ['house(no-enum)', broker('enum.ts'), `export enum Color { Red }`],
  ['house(no-export-all)', broker('all.ts'), `export * from './options.ts';`],
  ['house(no-module-state)', broker('state.ts'), `export let count = 0;`],
  ['import(no-default-export)', broker('default.ts'), `export default class Broker {}`],
  ['eslint(no-console)', broker('console.ts'), `console.log('here');`],
  [
    'eslint(max-params)',
    broker('params.ts'),
    `export const add = (a = 1, b = 1, c = 1, d = 1) => a + b + c + d;`,
  ],
  ['eslint(max-lines)', broker('lines.ts'), `export const f = () => 1;\n${'f();\n'.repeat(300)}`],
  ['typescript(no-namespace)', broker('namespace.ts'), `export namespace Hub { export const size = 1; }`],
  [
    'typescript(no-explicit-any)',
    broker('any.ts'),
    `export const read = (value: any): string => String(value);`,
  ],
  ['typescript(no-unsafe-assignment)', broker('unsafe.ts'), `export const { a } = JSON.parse('{}');`],
  [
    'typescript(consistent-type-imports)',
    broker('type.ts'),
    `import { Server } from 'node:http'; export type Listener = (server: Server) => void;`,
  ],
  [
    'typescript(no-floating-promises)',
    broker('floating.ts'),
    `const save = async (): Promise<void> => {}; export const stop = (): void => { save(); };`,
  ],
  [
    'typescript(no-misused-promises)',
    broker('edge/listener.ts'),
    `import { WebSocket } from 'ws';
    const save = async (data: unknown): Promise<void> => { await Promise.resolve(data); };
    export const listen = (ws: WebSocket): void => { ws.on('message', async (data) => { await save(data); }); };`,
  ],
  [
    'vitest(no-focused-tests)',
    broker('focused.test.ts'),
    `import { test } from 'vitest'; test.only('x', () => {});`,
  ],
];

interface Report {
  diagnostics: ReadonlyArray<{ code: string; filename: string }>;
}

const lint = async (folder: string): Promise<Map<string, Set<string>>> => {
  const run = promisify(execFile);
  const command = [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format=json'];
  const output = await run(process.execPath, command, { cwd: folder, maxBuffer: 1e8 }).catch(
    (error: { stdout: string }) => error,
  );
  const found = new Map<string, Set<string>>();
  for (const { filename, code } of (JSON.parse(output.stdout) as Report).diagnostics) {
    found.set(filename, (found.get(filename) ?? new Set()).add(code));
  }
  return found;
};

describe('oxlint on a house with seeded violations', () => {
  let folder: string;
  let found: Map<string, Set<string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wsbroker-lint-'));
    const samples = [...forbiddenImports, ...allowedImports, ...violations.map(([, ...sample]) => sample)];
    await Promise.all(
      samples.map(async ([file, source]) => {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), `${source}\n`);
      }),
    );
    for (const file of [
      '.oxlintrc.json',
      'tsconfig.base.json',
      'scripts/lint',
      'packages/broker/tsconfig.json',
    ]) {
      await cp(join(root, file), join(folder, file), { recursive: true });
    }
    for (const modules of ['node_modules', 'packages/broker/node_modules']) {
      await symlink(join(root, modules), join(folder, modules), 'dir');
    }
    await rm(join(folder, 'scripts/lint/house-rules.test.ts'));
    found = await lint(folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(forbiddenImports)('forbids %s: %s', (file) => {
    expect(found.get(file)).toContain('house(import-direction)');
  });

  test.each(allowedImports)('allows %s: %s', (file) => {
    expect(found.get(file) ?? new Set()).not.toContain('house(import-direction)');
  });

  test.each(violations)('%s reports %s', (rule, file) => {
    expect(found.get(file)).toContain(rule);
  });
});
