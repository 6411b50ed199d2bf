/** Loaded into a broker: on SIGUSR2 it collects garbage, and prints how many bytes are still held. */
process.on('SIGUSR2', () => {
  // Twice: what the first one finds of buffers is given back beside the program, and the second one waits for that.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`held ${heapUsed + external} bytes\n`);
});
