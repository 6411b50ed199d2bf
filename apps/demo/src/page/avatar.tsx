const characters = new Intl.Segmenter();

/** The first letter of a name, in the colour of the person (`--hue`). */
export const Avatar = ({ name }: { readonly name: string }) => (
  <span className="avatar" aria-hidden="true">
    {firstOf(name).toLocaleUpperCase()}
  </span>
);

/** What a reader takes for one letter may be several code points. */
const firstOf = (name: string): string => characters.segment(name).containing(0)?.segment ?? '';
