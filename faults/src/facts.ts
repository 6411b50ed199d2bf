/** Counts of what happened, by name. */
export type Facts = Record<string, number>;

export const add = (facts: Facts, name: string, by = 1): void => {
  facts[name] = (facts[name] ?? 0) + by;
};
