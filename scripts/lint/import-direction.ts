import { posix } from 'node:path';

import type { Rule, SyntaxNode } from './rule.ts';

/** `types`: type imports alone. */
type Allowance = 'all' | 'types';

/** What the sources of a package may import besides their own files. Tests may import anything. */
const allowedImports = new Map<string, Record<string, Allowance>>([
  ['protocol', { zod: 'all', '@standard-schema/spec': 'types', 'node:crypto': 'all' }],
  ['client-browser', { '@wsbroker/protocol': 'types', react: 'all' }],
  ['backend-node', { '@wsbroker/protocol': 'all', '@wsbroker/protocol/signature': 'all', 'node:*': 'all' }],
  [
    'broker',
    {
      '@wsbroker/protocol': 'all',
      '@wsbroker/protocol/signature': 'all',
      zod: 'all',
      ws: 'all',
      cookie: 'all',
      undici: 'all',
      'node:*': 'all',
    },
  ],
]);

/** Libraries that one place of a package knows, and that nothing else in it may come to depend on. */
const homes = new Map<string, { place: string; typesIn: readonly string[] }>([
  ['broker: ws', { place: 'edge/', typesIn: ['api.ts', 'broker.ts'] }],
  ['broker: cookie', { place: 'edge/', typesIn: [] }],
  ['broker: undici', { place: 'backend/http-poster.ts', typesIn: ['backend/http-exchange.ts'] }],
  // An entry of its own: a browser that loads the others has nothing of Node.
  ['protocol: node:crypto', { place: 'signature.ts', typesIn: [] }],
]);

/** The folders of the broker's sources, in the way of a message: each imports only those after it. */
const layers = ['edge', 'delivery', 'backend', 'commands', 'cluster', 'hub'];

/** Below every layer. The other files beside the folders put the layers together, and are above them. */
const bottom = ['options.ts', 'api.ts', 'ops/'];

/** A source file: its package, and its path inside `src`. */
interface Place {
  packageName: string;
  path: string;
}

const isTest = (path: string): boolean => /\.(?:test|test-d)\.tsx?$/.test(path);
const isBottom = (path: string): boolean => bottom.some((place) => path === place || path.startsWith(place));
const layerOf = (path: string): number => layers.indexOf(path.split('/')[0] ?? '');

const locate = (file: string): Place | undefined => {
  const [, packageName, path] = /(?:^|\/)packages\/([^/]+)\/src\/(.+)$/.exec(file) ?? [];
  return packageName && path ? { packageName, path } : undefined;
};

/** Why this source may not import that library or package, if it may not. */
const outsideProblem = (from: Place, specifier: string, onlyTypes: boolean): string | undefined => {
  const allowed = allowedImports.get(from.packageName);
  if (!allowed) return undefined;
  const allowance = allowed[specifier] ?? (specifier.startsWith('node:') ? allowed['node:*'] : undefined);
  if (!allowance) return `${from.packageName} may import only ${Object.keys(allowed).join(', ')}`;
  if (allowance === 'types' && !onlyTypes) return `${from.packageName} may import only types from it`;
  const home = homes.get(`${from.packageName}: ${specifier}`);
  if (!home || from.path.startsWith(home.place)) return undefined;
  if (onlyTypes && home.typesIn.includes(from.path)) return undefined;
  return `it is known to ${home.place} alone`;
};

/** Why this file of the broker may not import that other file of the broker, if it may not. */
const layerProblem = (from: string, to: string): string | undefined => {
  if (isBottom(to)) return undefined;
  if (isBottom(from)) return `${from} is below every layer, and may import only ${bottom.join(', ')}`;
  const fromLayer = layerOf(from);
  if (fromLayer === -1) return undefined;
  const toLayer = layerOf(to);
  if (toLayer === -1) return `a layer may not import what puts the layers together`;
  return toLayer < fromLayer ? `imports go one way: ${layers.slice(toLayer).join(', ')}` : undefined;
};

const insideProblem = (file: string, specifier: string): string | undefined => {
  const from = locate(file);
  const to = locate(posix.join(posix.dirname(file), specifier));
  const isForeign = from ? to && to.packageName !== from.packageName : specifier.includes('/packages/');
  if (isForeign) return 'import another package by its name';
  if (from?.packageName !== 'broker' || !to || isTest(from.path)) return undefined;
  return layerProblem(from.path, to.path);
};

const importProblem = (file: string, specifier: string, onlyTypes: boolean): string | undefined => {
  if (/^\.\.?\//.test(specifier)) return insideProblem(file, specifier);
  if (/^@wsbroker\/[^/]+\/(?:src|dist|test)(?:\/|$)/.test(specifier)) {
    return 'use the public entry point of the package';
  }
  const from = locate(file);
  return from && !isTest(from.path) ? outsideProblem(from, specifier, onlyTypes) : undefined;
};

/** Which package may import which, and which layer of the broker which: the arrows of the architecture. */
export const importDirection: Rule = {
  create(context) {
    const file = context.filename.replaceAll('\\', '/');
    const check = (node: SyntaxNode, onlyTypes: boolean): void => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string') return;
      const problem = importProblem(file, specifier, onlyTypes);
      if (problem) context.report({ node, message: `Import of '${specifier}': ${problem}.` });
    };
    return {
      ImportDeclaration: (node) => check(node, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, false),
      TSImportType: (node) => check(node, true),
    };
  },
};
