/** `` `path/to/file.ts` → `symbol` ``; the symbol may be missing. */
const reference =
  /`((?:packages|apps|e2e|faults|fuzz|examples|scripts|docs)\/[\w./-]*|\.oxlintrc\.json)`(?:\s*→\s*`(\w+)`)?/g;

/** Whether a source defines this name: as a function, class, interface, constant, method or field. */
const defines = (source: string, symbol: string): boolean =>
  new RegExp(
    `(?:\\b(?:function|class|interface|type|const)\\s+${symbol}\\b)|(?:^\\s+(?:(?:async|readonly|static|get)\\s+|\\*)*#?${symbol}(?:\\(.*\\{$|\\(\\s*$|\\b\\s*=\\s))`,
    'm',
  ).test(source);

/**
 * References on a page that lead nowhere.
 * @param read The text of a file (of a folder: any text), or undefined when there is none.
 */
export const brokenReferences = (page: string, read: (path: string) => string | undefined): string[] =>
  [...page.matchAll(reference)].flatMap(([, path = '', symbol]) => {
    const source = read(path);
    if (source === undefined) return [path];
    return symbol === undefined || defines(source, symbol) ? [] : [`${path} → ${symbol}`];
  });
