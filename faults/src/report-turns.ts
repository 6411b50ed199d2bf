/**
 * Loaded into a broker: prints each turn of its event loop that was long, as the time that its thread was on a
 * processor. By the clock, a machine that does something else meanwhile would make every turn long.
 */
const sampleMs = 1;
const longMs = 5;

// Where a thread cannot be asked (before Node 23.9), the whole process, with what collects garbage beside it.
const isThreadKnown = 'threadCpuUsage' in process;
const usedMs = (): number => {
  const { user, system } = isThreadKnown ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1_000;
};

let lastMs = usedMs();
setInterval(() => {
  const nowMs = usedMs();
  const turnMs = nowMs - lastMs;
  lastMs = nowMs;
  if (turnMs > longMs) process.stdout.write(`turn ${turnMs.toFixed(1)} ms\n`);
}, sampleMs).unref();
