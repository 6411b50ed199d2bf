import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { jsonSchemaFiles } from '../scripts/json-schemas.ts';
import * as protocol from './index.ts';
import * as signature from './signature.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const readme = readFileSync(pathOf('README.md'), 'utf8');
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** Compiles files that are not on disk, as if they lay beside the README. */
const errorsOf = (sources: ReadonlyMap<string, string>): string[] => {
  const { config } = ts.readConfigFile(pathOf('tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, pathOf(''));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const source = sources.get(path);
    return source === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, source, { languageVersion: ts.ScriptTarget.ES2023 }, true);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
};

const sources = new Map(snippets.map((code, at) => [pathOf(`readme-${at + 1}.ts`), code]));

test('the examples of the README compile', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(3);
  expect(errorsOf(sources)).toEqual([]);
}, 60_000);

test('an example that does not compile would be seen', () => {
  const broken = new Map([
    [pathOf('broken.ts'), `import { matches } from '@wsbroker/protocol'; matches(1);`],
  ]);
  expect(errorsOf(broken).join()).toContain('Expected 2 arguments');
}, 60_000);

test('the example of criteria says the truth', async () => {
  const code = snippets.find((snippet) => snippet.includes('assert(matches')) ?? '';
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  const runnable = outputText.replace(
    "'@wsbroker/protocol'",
    JSON.stringify(new URL('../dist/index.js', import.meta.url).href),
  );
  await import(`data:text/javascript,${encodeURIComponent(runnable)}`);
});

test('the example of signatures says the truth', async () => {
  const code = snippets.find((snippet) => snippet.includes('verify(keys')) ?? '';
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  const runnable = outputText.replace(
    "'@wsbroker/protocol/signature'",
    JSON.stringify(new URL('../dist/signature.js', import.meta.url).href),
  );
  await import(`data:text/javascript,${encodeURIComponent(runnable)}`);
});

test('the README names every export and every JSON Schema file', () => {
  for (const name of Object.keys({ ...protocol, ...signature })) expect(readme).toContain(`\`${name}\``);
  for (const name of jsonSchemaFiles().keys()) expect(readme).toContain(`\`${name.replace('.json', '')}\``);
  const index = readFileSync(pathOf('src/index.ts'), 'utf8');
  const types = [...index.matchAll(/\btype (\w+)/g)].map(([, name]) => name);
  expect(types.length).toBeGreaterThan(30);
  for (const name of types) expect(readme).toContain(`\`${name}\``);
});
