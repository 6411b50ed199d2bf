/** An entry of a list. */
export interface Listed {
  readonly wskey: string;
  readonly client?: string;
}

/** Everybody who is there all the time is to be in it exactly once; whoever comes and goes at most once. */
export const problemsOf = (listed: readonly Listed[], everybody: ReadonlySet<string>): string[] => {
  const keys = new Set<string>();
  const clients = new Set<string>();
  const problems: string[] = [];
  for (const { wskey, client } of listed) {
    if (keys.has(wskey)) problems.push(`${client ?? wskey} is there twice`);
    keys.add(wskey);
    if (client !== undefined) clients.add(client);
  }
  for (const client of everybody) if (!clients.has(client)) problems.push(`${client} is missing`);
  return problems;
};
