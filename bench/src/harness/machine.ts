import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { dirname, join } from 'node:path';
import { canPin } from './pinning.ts';

/** Where and when something was measured. */
export interface Machine {
  /** Such as `2026-11-24`. */
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly isPinned: boolean;
  /** What else ran when it began: 1 is one core's worth. */
  readonly loadBefore: number;
}

export const thisMachine = (): Machine => ({
  date: new Date().toISOString().slice(0, 10),
  processor: cpus()[0]?.model.trim() ?? 'unknown processor',
  cores: availableParallelism(),
  system: `${type()} ${release()}`,
  node: process.version,
  isPinned: canPin,
  loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
});

/** The version of a package of npm, as it is installed for this workspace. */
export const installedVersion = (name: string): string => {
  const resolved = createRequire(import.meta.url).resolve(name);
  for (let folder = dirname(resolved); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === name) return manifest.version ?? '';
    } catch {
      // It lies further up.
    }
  }
  return '';
};
