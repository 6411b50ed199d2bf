import { dirname, extname, join } from 'node:path';
import ts from 'typescript';
import { inRepository } from '../repository.ts';
import type { CodeBlock } from './code-block.ts';
import type { Problem } from './problem.ts';

/** Languages that the TypeScript compiler checks. */
export const compiledLanguages: ReadonlySet<string> = new Set(['ts', 'tsx', 'js', 'jsx']);

/** Where a package is looked for when the page's own folder does not have it, in this order. */
const fallbackFolders = ['e2e', 'packages/backend-node', 'packages/client-browser', 'packages/broker'];

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  jsx: ts.JsxEmit.ReactJSX,
  esModuleInterop: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [inRepository('e2e/node_modules/@types')],
};

const tsOptions: ts.CompilerOptions = { ...options, strict: true, noUncheckedIndexedAccess: true };
/** A reader of JavaScript writes no types; what remains is names, arguments and imports. */
const jsOptions: ts.CompilerOptions = { ...options, allowJs: true, checkJs: true, strict: false };

/** What the file for `<script>` tags brings; in a file of its own since the blocks are modules. */
const globalsPath = inRepository('e2e/script-tag-globals.d.ts');
const globals = `declare const WSBroker: Pick<typeof import('@wsbroker/client-browser'), 'createClient' | 'ClientError'>;`;

/**
 * Checks each block as a module of its own that lies in the page's folder.
 *
 * A block whose first line is a comment with a file name (`// contract.ts`) can be imported under
 * that name by the page's other blocks.
 */
export const typeProblemsIn = (blocks: readonly CodeBlock[]): Problem[] => {
  const modules = new Map<string, CodeBlock>();
  for (const block of blocks) modules.set(pathOf(block, modules), block);
  const isScript = (path: string): boolean => /\.jsx?$/.test(path);
  const paths = [...modules.keys()];
  return [
    ...problemsOf(
      paths.filter((path) => !isScript(path)),
      tsOptions,
      modules,
    ),
    ...problemsOf(paths.filter(isScript), jsOptions, modules),
  ].toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
};

const pathOf = (block: CodeBlock, taken: ReadonlyMap<string, CodeBlock>): string => {
  const folder = inRepository(`${block.file}.blocks`);
  const name = /^\/\/ (?:\S*\/)?([\w.-]+\.(?:ts|tsx|js|jsx))\s*$/m.exec(
    block.code.split('\n', 1)[0] ?? '',
  )?.[1];
  const path = name === undefined ? undefined : join(folder, name);
  return path !== undefined && !taken.has(path) ? path : join(folder, `line-${block.line}.${block.language}`);
};

const problemsOf = (
  paths: readonly string[],
  compilerOptions: ts.CompilerOptions,
  modules: ReadonlyMap<string, CodeBlock>,
): Problem[] => {
  if (paths.length === 0) return [];
  const host = hostWith(compilerOptions, modules);
  const program = ts.createProgram([...paths, globalsPath], compilerOptions, host);
  // Of the blocks alone, and of the options: what other files have is not the page's fault.
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...paths.flatMap((path) => {
      const source = program.getSourceFile(path);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    }),
  ];
  return diagnostics.flatMap((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
    // JavaScript has no way to say what a message's field is, and no need to.
    if (compilerOptions.checkJs && /type 'unknown'/.test(message)) return [];
    const block = modules.get(diagnostic.file?.fileName ?? '');
    if (!diagnostic.file || !block) return [{ file: '', line: 0, message }];
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    return [{ file: block.file, line: block.line + line, message }];
  });
};

/** Declarations of packages, parsed once for each set of options: most of the time goes into them. */
const declarations = new Map<string, ts.SourceFile>();

/** A compiler host to which the blocks are files, and that finds the packages of this repository. */
const hostWith = (
  compilerOptions: ts.CompilerOptions,
  modules: ReadonlyMap<string, CodeBlock>,
): ts.CompilerHost => {
  const host = ts.createCompilerHost(compilerOptions);
  const folders = new Set([...modules.keys()].map((path) => dirname(path)));
  const textOf = (path: string): string | undefined =>
    path === globalsPath ? globals : modules.get(path)?.code;
  const onDisk = {
    fileExists: host.fileExists.bind(host),
    readFile: host.readFile.bind(host),
    directoryExists: host.directoryExists?.bind(host),
  };
  host.fileExists = (path) => textOf(path) !== undefined || onDisk.fileExists(path);
  host.readFile = (path) => textOf(path) ?? onDisk.readFile(path);
  host.directoryExists = (path) => folders.has(path) || (onDisk.directoryExists?.(path) ?? true);
  host.getSourceFile = (path, languageVersion) => {
    const key = `${String(compilerOptions.strict)} ${path}`;
    const known = declarations.get(key);
    if (known) return known;
    const text = host.readFile(path);
    if (text === undefined) return undefined;
    const source = ts.createSourceFile(path, text, languageVersion);
    if (!modules.has(path)) declarations.set(key, source);
    return source;
  };
  host.resolveModuleNameLiterals = (literals, containingFile) =>
    literals.map(({ text }) => {
      const from = text.startsWith('.') || !modules.has(containingFile) ? [] : fallbackFolders;
      const places = [
        containingFile,
        ...from.map((folder) => inRepository(`${folder}/page${extname(containingFile)}`)),
      ];
      for (const place of places) {
        const found = ts.resolveModuleName(text, place, compilerOptions, host);
        if (found.resolvedModule) return found;
      }
      return { resolvedModule: undefined };
    });
  return host;
};
