/** What `node --cpu-prof` writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes, in the order of time. */
  readonly samples: readonly number[];
  /** In microseconds, by the clock of `process.hrtime`. */
  readonly startTime: number;
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Whose code it is. */
export type FrameKind = 'broker' | 'ws' | 'undici' | 'node' | 'native' | 'other';

/** A function in one place of the call tree. */
export interface Frame {
  readonly name: string;
  readonly kind: FrameKind;
  /** Where it is written, in few words; empty for what is no JavaScript. */
  readonly place: string;
  readonly selfUs: number;
  readonly totalUs: number;
  readonly children: readonly Frame[];
}

/** A part of a profile, by the clock of `process.hrtime`, which all processes share. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const wholeSpan: Span = { fromMs: 0, toMs: Infinity };

/**
 * The call tree of the time in which something was done.
 * @param span What is outside is left out: a program that starts costs more than what it then does.
 */
export const callTree = (profile: CpuProfile, span = wholeSpan): Frame => {
  const { nodes, samples, startTime, timeDeltas } = profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfUs = new Map<number, number>();
  // Where a sample took much longer, the process had to wait for the processor, or slept.
  const longestUs = 3 * (timeDeltas.toSorted((a, b) => a - b)[timeDeltas.length >> 1] ?? 0);
  let atMs = startTime / 1_000;
  for (const [index, id] of samples.entries()) {
    const deltaUs = timeDeltas[index] ?? 0;
    atMs += deltaUs / 1_000;
    if (atMs <= span.fromMs || atMs > span.toMs) continue;
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.min(deltaUs, longestUs));
  }
  const frameOf = (alike: readonly ProfileNode[]): Frame => {
    const groups = Map.groupBy(
      alike.flatMap(({ children = [] }) => children.flatMap((id) => byId.get(id) ?? [])),
      ({ callFrame: { functionName, url, lineNumber } }) => `${functionName} ${url} ${lineNumber}`,
    );
    const children = [...groups.values()]
      .filter(([first]) => first?.callFrame.functionName !== '(idle)')
      .map(frameOf)
      .toSorted((a, b) => b.totalUs - a.totalUs);
    const own = alike.reduce((sum, { id }) => sum + (selfUs.get(id) ?? 0), 0);
    const total = children.reduce((sum, { totalUs }) => sum + totalUs, own);
    return { ...described(alike[0]), selfUs: own, totalUs: total, children };
  };
  const [root] = nodes;
  return frameOf(root ? [root] : []);
};

const described = (node: ProfileNode | undefined): Pick<Frame, 'name' | 'kind' | 'place'> => {
  const { functionName = '', url = '', lineNumber = 0 } = node?.callFrame ?? {};
  const kind = kindOf(functionName, url);
  const file = url.split('/').slice(-1)[0] ?? '';
  return {
    name: functionName === '' ? '(anonymous)' : functionName,
    kind,
    place: url === '' ? '' : `${url.startsWith('node:') ? url : file}:${lineNumber + 1}`,
  };
};

const kindOf = (name: string, url: string): FrameKind => {
  if (url === '' || url.startsWith('wasm:')) return 'native';
  if (url.startsWith('node:')) return 'node';
  const packages = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
  if (packages === 'ws') return 'ws';
  if (packages === 'undici') return 'undici';
  if (packages === undefined || packages.startsWith('@wsbroker/')) return 'broker';
  return 'other';
};
