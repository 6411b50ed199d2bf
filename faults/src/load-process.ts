/**
 * Makes one load, in a process of its own, and prints what it sees of it: `load-process.ts KIND PARAMETERS`.
 * It makes way for everybody else on the machine: in truth it would run on others.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Facts } from './facts.ts';
import { generators } from './generators.ts';

const printIntervalMs = 100;
const niceness = 10;

const makeWay = (): void => {
  setPriority(niceness);
  // Where Linux shares its processors out by session, a priority counts within a session alone, and this is one.
  try {
    writeFileSync('/proc/self/autogroup', String(niceness));
  } catch {
    // It does not.
  }
};

const [kind = '', params = '{}'] = process.argv.slice(2);
makeWay();
const facts: Facts = { started: 1 };
const print = (): void => void process.stdout.write(`${JSON.stringify(facts)}\n`);
print();
setInterval(print, printIntervalMs);
// The kind and what belongs to it are checked where this process is started.
const generate = generators[kind as keyof typeof generators] as (
  params: unknown,
  facts: Facts,
) => Promise<void>;
await generate(JSON.parse(params), facts);
