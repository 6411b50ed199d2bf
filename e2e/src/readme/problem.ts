/** What is wrong in a page's code block. */
export interface Problem {
  readonly file: string;
  /** In the page, counted from 1. */
  readonly line: number;
  readonly message: string;
}

export const written = ({ file, line, message }: Problem): string => `${file}:${line}: ${message}`;
