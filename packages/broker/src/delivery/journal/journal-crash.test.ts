/** Processes with a journal that are killed, or end by themselves. */
import { spawnProcess } from '@wsbroker/testkit';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { JournalPlace } from '../../../test/journal-place.ts';

const program = fileURLToPath(new URL('../../../test/journal-program.ts', import.meta.url));

const startProgram = (place: JournalPlace, what: string) =>
  spawnProcess(process.execPath, ['--no-warnings', program, place.file, what]);

const numbersSaid = (output: string, what: string): number[] =>
  // The last line may be cut off by the kill.
  output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith(`${what} `))
    .map((line) => Number(line.slice(what.length + 1)));

const upTo = (last: number): number[] => Array.from({ length: last }, (_value, index) => index + 1);

test(
  'a process killed with SIGKILL while it writes: all that was said to be written is there, in order, ten times',
  { timeout: 180_000 },
  async () => {
    for (let round = 1; round <= 10; round += 1) {
      await using place = new JournalPlace();
      const writer = await startProgram(place, 'write-on');
      await writer.outputMatching(new RegExp(`event ${round * 200}\n`));
      await writer.stop('SIGKILL');
      const written = numbersSaid(writer.output, 'event');
      const delivered = numbersSaid(writer.output, 'delivered');
      // Of 300 writers, whose promises are kept in order.
      expect(written).toEqual(upTo(written.length));

      const { connections, events } = await place.content();
      const [{ lastEvent, received } = { lastEvent: 0, received: 0 }] = connections;
      expect(lastEvent).toBeGreaterThanOrEqual(written.length);
      expect(received).toBe(lastEvent);
      const found = events.map(({ number }) => number);
      expect(found.filter((number) => delivered.includes(number))).toEqual([]);
      const gone = upTo(lastEvent).filter((number) => !found.includes(number));
      // What is neither there nor delivered was lost; a delivery may be written that nobody was told of.
      expect(gone.filter((number) => number % 3 !== 0)).toEqual([]);
      expect(found).toEqual(upTo(lastEvent).filter((number) => !gone.includes(number)));
    }
  },
);

test('a process ends only when what it wrote is on the disk, even when it closes nothing', async () => {
  await using place = new JournalPlace();
  const writer = await startProgram(place, 'leave');
  expect(await writer.exited).toEqual({ code: 0, signal: null });
  expect(writer.output).toBe('opened\nevent 1\nevent 2\nevent 3\nevent 4\nevent 5\n');
  const { events } = await place.content();
  expect(events.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
});

test('a journal in which nothing waits keeps no process alive', async () => {
  await using place = new JournalPlace();
  const writer = await startProgram(place, 'idle');
  expect(await writer.exited).toEqual({ code: 0, signal: null });
});
