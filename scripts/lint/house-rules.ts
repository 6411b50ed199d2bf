/** The rules of this repository that oxlint has no rule for. Loaded by `.oxlintrc.json`. */
import { importDirection } from './import-direction.ts';
import type { Rule, SyntaxNode } from './rule.ts';

/** `export * from` hides what a module offers; `export * as name` is one name, and stays allowed. */
const noExportAll: Rule = {
  create: (context) => ({
    ExportAllDeclaration(node) {
      if (!node.exported) context.report({ node, message: 'Name what is exported: `export *` hides it.' });
    },
  }),
};

/** Enums are code that type stripping cannot remove. */
const noEnum: Rule = {
  create: (context) => ({
    TSEnumDeclaration(node) {
      context.report({ node, message: 'Use a union of string literals instead of an enum.' });
    },
  }),
};

/** A `let` of the module is shared by every broker or client of the process. */
const noModuleState: Rule = {
  create: (context) => ({
    Program(program) {
      for (const statement of program.body ?? []) {
        const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
        if (node?.type !== 'VariableDeclaration' || node.kind === 'const') continue;
        context.report({ node, message: 'Keep state in an object that someone owns, not in the module.' });
      }
    },
  }),
};

/** Node runs the sources by stripping types, and then resolves no import without its ending. */
const importEnding: Rule = {
  create(context) {
    const check = (node: SyntaxNode): void => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !/^\.\.?\//.test(specifier)) return;
      if (/\.(?:tsx?|mts|cts|mjs|cjs|jsx?|json|css|svg)(?:\?\w+)?$/.test(specifier)) return;
      context.report({ node, message: `Write the ending of '${specifier}', as in './file.ts'.` });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

const plugin = {
  meta: { name: 'house' },
  rules: {
    'import-direction': importDirection,
    'import-ending': importEnding,
    'no-enum': noEnum,
    'no-export-all': noExportAll,
    'no-module-state': noModuleState,
  },
};

export default plugin;
