/** The package of the seed has no types. */
declare module 'wsbroker' {
  const seed: Readonly<Record<string, unknown>> & { readonly Broker: new (config: object) => unknown };
  export default seed;
}
