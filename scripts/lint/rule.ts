/** The little of the ESLint rule interface that the house rules use. */
export interface Rule {
  create(context: RuleContext): Record<string, (node: SyntaxNode) => void>;
}

interface RuleContext {
  readonly filename: string;
  report(problem: { node: SyntaxNode; message: string }): void;
}

/** A node of the syntax tree, with the fields that the house rules look at. */
export interface SyntaxNode {
  readonly type: string;
  /** Of a program. */
  readonly body?: readonly SyntaxNode[];
  /** Of an import or export: the literal after `from`. */
  readonly source?: SyntaxNode | null;
  readonly importKind?: 'type' | 'value';
  readonly exportKind?: 'type' | 'value';
  /** Of `export * as name`. */
  readonly exported?: SyntaxNode | null;
  /** Of `export const`, `export function` and the like. */
  readonly declaration?: SyntaxNode | null;
  /** Of a variable declaration: `const`, `let`, `var`, `using`. */
  readonly kind?: string;
  /** Of a literal. */
  readonly value?: unknown;
}
