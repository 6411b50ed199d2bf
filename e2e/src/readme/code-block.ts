export interface CodeBlock {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Of the first line of code, counted from 1. */
  readonly line: number;
  /** The first word after the fence, in lower case, long names made short: `ts`, `js`, `php`, `python` … */
  readonly language: string;
  /** What else stands after the fence, such as `ignore`. */
  readonly note: string;
  readonly code: string;
}

const shortNames: Readonly<Record<string, string>> = {
  typescript: 'ts',
  javascript: 'js',
  mjs: 'js',
  py: 'python',
};

const fence = /^(?<indent>\s*)(?<ticks>`{3,}|~{3,})\s*(?<language>[^\s`]*)\s*(?<note>[^`]*)$/;

/** The fenced code blocks of a Markdown text, also those indented in a list. */
export const codeBlocksIn = (file: string, markdown: string): CodeBlock[] => {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const opening = fence.exec(lines[at] ?? '')?.groups;
    if (!opening) continue;
    const { indent = '', ticks = '', language = '', note = '' } = opening;
    const first = at + 1;
    let last = first;
    while (last < lines.length && !isClosing(lines[last] ?? '', ticks)) last += 1;
    const name = language.toLowerCase();
    blocks.push({
      file,
      line: first + 1,
      language: shortNames[name] ?? name,
      note: note.trim(),
      code: lines
        .slice(first, last)
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
    });
    at = last;
  }
  return blocks;
};

const isClosing = (line: string, ticks: string): boolean => {
  const text = line.trim();
  return text.startsWith(ticks) && text.replaceAll(ticks.charAt(0), '') === '';
};

/** The inline scripts of a block of HTML, as blocks of JavaScript. */
export const scriptsIn = (block: CodeBlock): CodeBlock[] =>
  [...block.code.matchAll(/<script(?<attributes>[^>]*)>(?<code>[^]*?)<\/script>/g)].flatMap((match) => {
    const { attributes = '', code = '' } = match.groups ?? {};
    if (/\bsrc\s*=/.test(attributes)) return [];
    const before = block.code.slice(0, match.index + match[0].indexOf('>') + 1);
    return [{ ...block, line: block.line + before.split('\n').length - 1, language: 'js', code }];
  });
