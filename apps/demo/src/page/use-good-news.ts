import { useEffect, useRef, useState } from 'react';

/** How long good news stays. */
const shownMs = 6_000;

/** True for a while after something that was away has come back. */
export const useGoodNews = (isAway: boolean): boolean => {
  const [isShown, setIsShown] = useState(false);
  const wasAway = useRef(false);
  useEffect(() => {
    if (isAway) wasAway.current = true;
    if (isAway || !wasAway.current) return;
    wasAway.current = false;
    setIsShown(true);
    const timer = setTimeout(() => setIsShown(false), shownMs);
    return () => {
      clearTimeout(timer);
      setIsShown(false);
    };
  }, [isAway]);
  return isShown;
};
