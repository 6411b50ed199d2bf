/** Checks an option when it is given, since a wrong one would show only with the first request. */
export const positiveInteger = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`${name} is ${String(value)}: expected a whole number above 0`);
};
