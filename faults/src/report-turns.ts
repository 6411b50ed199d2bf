/** Loaded into a broker: prints each turn of its event loop that was long, in milliseconds. */
const sampleMs = 1;
const longMs = 10;

let lastMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  const turnMs = nowMs - lastMs - sampleMs;
  lastMs = nowMs;
  if (turnMs > longMs) process.stdout.write(`turn ${turnMs.toFixed(1)} ms\n`);
}, sampleMs).unref();
