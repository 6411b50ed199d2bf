/** A file cannot be a journal; the message says why. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}
