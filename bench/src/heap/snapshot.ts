/** As much of a heap snapshot of V8 as is read here. */
export interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

export interface Holder {
  /** What it is, and by what it is held. */
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
}

const shownLength = 50;

/** All that is in the heap, of one kind and held in one way, largest first. */
export const holdersOf = ({ snapshot, nodes, edges, strings }: Snapshot): readonly Holder[] => {
  const { meta } = snapshot;
  const [types, edgeTypes] = [meta.node_types[0], meta.edge_types[0]];
  const size = meta.node_fields.length;
  const field = (node: number, name: string): number =>
    nodes[node * size + meta.node_fields.indexOf(name)] ?? 0;
  const typeOf = (node: number): string => types[field(node, 'type')] ?? '';
  const labelOf = (node: number): string => {
    const type = typeOf(node);
    if (type.endsWith('string')) return type;
    return `${type} ${(strings[field(node, 'name')] ?? '').slice(0, shownLength)}`;
  };

  // Of each the first that holds it, as it is met on the way from the roots.
  const heldBy = new Map<number, string>();
  let edge = 0;
  for (let node = 0; node * size < nodes.length; node += 1) {
    for (let left = field(node, 'edge_count'); left > 0; left -= 1, edge += meta.edge_fields.length) {
      const type = edgeTypes[edges[edge] ?? 0];
      const to = (edges[edge + 2] ?? 0) / size;
      if (type === 'weak' || heldBy.has(to) || typeOf(node) === 'synthetic') continue;
      const name = type === 'element' || type === 'hidden' ? '[]' : (strings[edges[edge + 1] ?? 0] ?? '');
      heldBy.set(to, `${name} of ${labelOf(node)}`);
    }
  }

  const found = new Map<string, { count: number; bytes: number }>();
  for (let node = 0; node * size < nodes.length; node += 1) {
    const what = `${labelOf(node)} ← ${heldBy.get(node) ?? 'a root'}`;
    const holder = found.get(what) ?? { count: 0, bytes: 0 };
    holder.count += 1;
    holder.bytes += field(node, 'self_size');
    found.set(what, holder);
  }
  return [...found].map(([what, holder]) => ({ what, ...holder })).toSorted((a, b) => b.bytes - a.bytes);
};
