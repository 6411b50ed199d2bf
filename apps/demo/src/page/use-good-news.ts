import { useEffect, useRef, useState } from 'react';
import type { ControlStatus } from '../control-status.ts';

/** How long good news stays. */
const shownMs = 6_000;

/** True for a while after the backend has come back. */
export const useGoodNews = (state: ControlStatus['backend']['state'] | undefined): boolean => {
  const [isShown, setIsShown] = useState(false);
  const wasAway = useRef(false);
  useEffect(() => {
    if (state === 'stopped' || state === 'starting') wasAway.current = true;
    if (state !== 'up' || !wasAway.current) return;
    wasAway.current = false;
    setIsShown(true);
    const timer = setTimeout(() => setIsShown(false), shownMs);
    return () => {
      clearTimeout(timer);
      setIsShown(false);
    };
  }, [state]);
  return isShown;
};
