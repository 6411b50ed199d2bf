import { useEffect, useState } from 'react';

const tickMs = 250;

/** Whole seconds until then, counted down. Undefined without a moment to wait for. */
export const useSecondsUntil = (atMs: number | undefined): number | undefined => {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (atMs === undefined) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, [atMs]);
  return atMs === undefined ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1_000));
};
