import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'tsup';
import { beforeAll, expect, test } from 'vitest';

/** These tests are about what is published, so they need `dist`. */
const packageUrl = new URL('../', import.meta.url);

/** What a browser would load for this source, with everything bundled in. */
const bundleOf = async (source: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-bundle-'));
  try {
    const entry = join(folder, 'entry.ts');
    const index = JSON.stringify(fileURLToPath(new URL('dist/index.js', packageUrl)));
    await writeFile(entry, source.replace("'@wsbroker/protocol'", index));
    await build({
      entry: [entry],
      outDir: folder,
      format: 'iife',
      globalName: 'bundle',
      platform: 'browser',
      noExternal: [/.*/],
      minify: true,
      silent: true,
      config: false,
      dts: false,
    });
    return await readFile(join(folder, 'entry.global.js'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
};

const gzippedBytes = (code: string): number => gzipSync(code).byteLength;

let everything: string;

beforeAll(async () => {
  everything = await bundleOf(`export * as protocol from '@wsbroker/protocol';`);
}, 60_000);

test('import type puts nothing into a bundle', async () => {
  const code = await bundleOf(
    `import type { Message } from '@wsbroker/protocol'; export const text = (message: Message) => message.type;`,
  );
  expect(code).not.toContain('zod');
  expect(code.length).toBeLessThan(600);
}, 60_000);

test.each([
  'closeCodes',
  'mayReconnect',
  'defineContract',
  'messageTypePattern',
  'isJsonObject',
  'check',
  'parseJson',
  'subprotocol',
  'protocolVersion',
])(
  'importing %s alone puts no zod into a bundle',
  async (name) => {
    const code = await bundleOf(`export { ${name} } from '@wsbroker/protocol';`);
    expect(code).toContain(name);
    expect(code).not.toMatch(/zod/i);
    expect(gzippedBytes(code)).toBeLessThan(1_000);
    expect(gzippedBytes(code)).toBeLessThan(gzippedBytes(everything) / 20);
  },
  60_000,
);

test('the whole package runs where there is nothing of Node', () => {
  const context = createContext({ URLSearchParams, TextEncoder });
  runInContext(everything, context);
  const script = `(() => {
    const { decodeCommands, encodeCommands, builtInCommandSchema, matches, decodeNotification } = bundle.protocol;
    const commands = [{ type: 'close', reason: '😀', match: { room: 'a+b' } }];
    return JSON.stringify([
      decodeCommands(encodeCommands('form', commands)),
      builtInCommandSchema.safeParse(commands[0]).success,
      matches(commands[0].match, { room: 'A+B' }),
      decodeNotification({ contentType: '', text: 'message=x' }).ok,
    ]);
  })()`;
  expect(JSON.parse(runInContext(script, context) as string)).toEqual([
    { ok: true, value: [{ type: 'close', reason: '😀', match: { room: 'a+b' } }] },
    true,
    true,
    false,
  ]);
});

test('the package can be required and imported, with the same names', async () => {
  const names = (code: string, ...flags: string[]): string[] =>
    JSON.parse(
      execFileSync(process.execPath, [...flags, '-e', code], { cwd: packageUrl, encoding: 'utf8' }),
    ) as string[];
  const entries = [
    ['@wsbroker/protocol', await import('./index.ts')],
    ['@wsbroker/protocol/signature', await import('./signature.ts')],
  ] as const;
  for (const [entry, source] of entries) {
    const required = names(`console.log(JSON.stringify(Object.keys(require('${entry}')).sort()))`);
    const imported = names(
      `import * as all from '${entry}'; console.log(JSON.stringify(Object.keys(all).sort()))`,
      '--input-type=module',
    );
    expect(required).toEqual(imported);
    expect(imported).toEqual(Object.keys(source).toSorted());
  }
});

test('signatures, which need Node, are in no bundle of the main entry', () => {
  expect(everything).not.toMatch(/node:|createHmac|whsec_/);
});
