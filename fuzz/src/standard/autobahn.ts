import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EchoInFront } from './echo-in-front.ts';

const agent = 'wsbroker';

/** 4 MiB in frames of 64 and of 256 bytes: more frames than `maxFragments` can be set to. */
const pastLimits = new Set(['9.3.1', '9.3.2', '9.4.1', '9.4.2']);

interface CaseReport {
  readonly behavior: string;
  readonly behaviorClose: string;
  readonly remoteCloseCode: number | null;
}

/**
 * The Autobahn TestSuite itself, where it is installed: `WSTEST` is the command that starts it.
 * @returns the exit code
 */
export const runAutobahn = async (write: (text: string) => void): Promise<number> => {
  const { WSTEST } = process.env;
  if (WSTEST === undefined) {
    write(
      'autobahn: set WSTEST to the command that starts the suite, such as "wstest"; see fuzz/README.md\n',
    );
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-autobahn-'));
  try {
    await using front = new EchoInFront();
    const port = await front.start();
    const spec = join(folder, 'spec.json');
    writeFileSync(
      spec,
      JSON.stringify({
        outdir: folder,
        servers: [{ agent, url: `ws://127.0.0.1:${port}` }],
        cases: ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.*', '10.*', '12.1.1', '13.1.1'],
        'exclude-cases': [],
        'exclude-agent-cases': {},
      }),
    );
    const suite = spawn(`${WSTEST} -m fuzzingclient -s ${JSON.stringify(spec)}`, {
      shell: true,
      stdio: 'inherit',
    });
    await once(suite, 'exit');
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Record<
      string,
      Record<string, CaseReport>
    >;
    return judge(index[agent] ?? {}, write);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const judge = (reports: Readonly<Record<string, CaseReport>>, write: (text: string) => void): number => {
  const counts = new Map<string, number>();
  let failed = 0;
  for (const [id, { behavior, behaviorClose, remoteCloseCode }] of Object.entries(reports)) {
    counts.set(behavior, (counts.get(behavior) ?? 0) + 1);
    const isBad = behavior === 'FAILED' || behaviorClose === 'FAILED' || behaviorClose === 'WRONG CODE';
    if (behavior !== 'OK') write(`${id}: ${behavior}, closed with ${remoteCloseCode}\n`);
    if (isBad && !pastLimits.has(id)) failed += 1;
  }
  write(`${[...counts].map(([behavior, count]) => `${behavior} ${count}`).join(', ')}\n`);
  write(failed === 0 ? 'Nothing failed but what is past the limits.\n' : `Failed: ${failed}\n`);
  return failed === 0 && counts.size > 0 ? 0 : 1;
};
