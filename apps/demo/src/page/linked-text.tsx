import { Fragment } from 'react';

/** Addresses, without the punctuation that ends the sentence they stand in. */
const address = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'’])/;

/** A line's text, its addresses made into links. The text is split, never parsed as HTML. */
export const LinkedText = ({ text }: { readonly text: string }) =>
  text.split(address).map((part, at) =>
    // Every second part is what the pattern has caught.
    at % 2 === 1 ? (
      <a key={at} href={part} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ) : (
      <Fragment key={at}>{part}</Fragment>
    ),
  );
