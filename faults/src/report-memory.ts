/** Loaded into a broker: on SIGUSR2 it collects garbage, and prints how many bytes are still held. */
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`held ${heapUsed + external} bytes\n`);
});
