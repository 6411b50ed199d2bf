/** One value of a JSON text as it is written, read by the book and without regard to speed. */
export type SlowJson =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: SlowText, value: SlowJson])[] }
  | { readonly kind: 'list'; readonly items: readonly SlowJson[] }
  | ({ readonly kind: 'text' } & SlowText)
  | { readonly kind: 'other'; readonly raw: string };

export interface SlowText {
  /** Where its opening quote is. */
  readonly at: number;
  /** As it is written, without the quotes. */
  readonly raw: string;
  /** As it reads. */
  readonly value: string;
}

/** Reads a JSON text, and keeps what `JSON.parse` forgets: keys that are there twice, and where things stand. */
export const slowJson = (text: string): SlowJson => {
  let rest = text;
  const skip = (pattern: RegExp): string => {
    const [found = ''] = new RegExp(`^(?:${pattern.source})`, 'u').exec(rest) ?? [];
    rest = rest.slice(found.length);
    return found;
  };
  const space = (): string => skip(/[ \t\n\r]*/);
  const readText = (): SlowText => {
    const at = text.length - rest.length;
    const quoted = skip(/"(?:[^"\\]|\\[^])*"/);
    return { at, raw: quoted.slice(1, -1), value: JSON.parse(quoted) as string };
  };
  /** What stands between two brackets, with commas between. */
  const readAll = <T>(close: RegExp, readOne: () => T): T[] => {
    skip(/[[{]/);
    const all: T[] = [];
    for (space(); skip(close) === ''; space()) {
      skip(/,/);
      space();
      all.push(readOne());
    }
    return all;
  };
  const readValue = (): SlowJson => {
    space();
    if (rest.startsWith('{')) {
      const entries = readAll(/\}/, () => {
        const key = readText();
        space();
        skip(/:/);
        return [key, readValue()] as const;
      });
      return { kind: 'object', entries };
    }
    if (rest.startsWith('[')) return { kind: 'list', items: readAll(/\]/, readValue) };
    if (rest.startsWith('"')) return { kind: 'text', ...readText() };
    return { kind: 'other', raw: skip(/[^,\]} \t\n\r]+/) };
  };
  return readValue();
};

/** Every text of it: keys as well. */
export const slowTexts = (json: SlowJson): SlowText[] => {
  if (json.kind === 'text') return [json];
  if (json.kind === 'list') return json.items.flatMap(slowTexts);
  return json.kind === 'object' ? json.entries.flatMap(([key, value]) => [key, ...slowTexts(value)]) : [];
};

export const slowKeys = (json: SlowJson): SlowText[] => {
  if (json.kind === 'list') return json.items.flatMap(slowKeys);
  return json.kind === 'object' ? json.entries.flatMap(([key, value]) => [key, ...slowKeys(value)]) : [];
};

/** Whether `JSON.parse` can be relied on: V8 may read a key with escapes as another one (https://github.com/nodejs/node/issues/63785). */
export const hasPlainKeys = (json: SlowJson): boolean =>
  slowKeys(json).every(({ raw }) => !raw.includes('\\'));

export const slowDepth = (json: SlowJson): number => {
  const inside =
    json.kind === 'list' ? json.items : json.kind === 'object' ? json.entries.map(([, value]) => value) : [];
  const isNested = json.kind === 'list' || json.kind === 'object';
  return (isNested ? 1 : 0) + Math.max(0, ...inside.map(slowDepth));
};
