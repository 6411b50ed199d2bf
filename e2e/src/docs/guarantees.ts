/** A test as the page names it: `` `path` → “title” ``. */
export interface NamedTest {
  readonly path: string;
  readonly title: string;
}

const namedTestsIn = (text: string): NamedTest[] =>
  [...text.matchAll(/`([\w./-]+\.tsx?)`\s*→\s*“([^”]+)”/g)].map(([, path = '', title = '']) => ({
    path,
    // The formatter may break a line within a title.
    title: title.replace(/\s+/g, ' '),
  }));

/** The lines of a page that promise something, such as **G1**, each with the tests that show it. */
export const promisesOf = (
  page: string,
  letter: 'G' | 'S',
): { readonly name: string; readonly tests: NamedTest[] }[] =>
  page.split(/^(?=- \*\*|## )/m).flatMap((part) => {
    const name = new RegExp(`^- \\*\\*(${letter}\\d+)\\*\\*`).exec(part)?.[1];
    return name === undefined ? [] : [{ name, tests: namedTestsIn(part) }];
  });

/** Whether a source has a text of this title, which may begin with the statements that it is about. */
const hasTitle = (source: string, title: string): boolean => {
  const plain = source.replace(/(['"`])(?:P\d+(?:, | to )?)+: /g, '$1').replaceAll(/\\(['"`])/g, '$1');
  return ["'", '"', '`'].some((quote) => plain.includes(quote + title + quote));
};

/**
 * Tests that the page names and that are not there.
 * @param read The text of a file, or undefined when there is none.
 */
export const missingTests = (page: string, read: (path: string) => string | undefined): string[] =>
  namedTestsIn(page)
    .filter(({ path, title }) => !hasTitle(read(path) ?? '', title))
    .map(({ path, title }) => `${path} → ${title}`);
