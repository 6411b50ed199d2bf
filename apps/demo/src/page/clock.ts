/*
 * Times as people write them, in the browser's language. The date comes in as an argument, so that a day can
 * begin while the page is open.
 */

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** `14:05` */
export const timeOf = (atMs: number): string => time.format(atMs);

/** The same for all moments of one day, here. */
export const dayOf = (atMs: number): string => {
  const day = new Date(atMs);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
};

/** Whole days between two moments, as the calendar counts them. */
const daysBetween = (atMs: number, nowMs: number): number =>
  Math.round((new Date(nowMs).setHours(12, 0, 0, 0) - new Date(atMs).setHours(12, 0, 0, 0)) / (24 * hourMs));

/** `Today`, `Yesterday`, `Monday, 23 November`, `3 March 2025` */
export const dayName = (atMs: number, nowMs: number): string => {
  const days = daysBetween(atMs, nowMs);
  if (days < 2) return capitalized(relative.format(-days, 'day'));
  return (days < 300 ? weekday : date).format(atMs);
};

const capitalized = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** `3 minutes ago – Tuesday, 24 November 2026 at 14:05:12` */
export const tooltipOf = (atMs: number, nowMs: number): string => {
  const agoMs = nowMs - atMs;
  const ago =
    agoMs < minuteMs
      ? relative.format(0, 'minute')
      : agoMs < hourMs
        ? relative.format(-Math.floor(agoMs / minuteMs), 'minute')
        : agoMs < 24 * hourMs
          ? relative.format(-Math.floor(agoMs / hourMs), 'hour')
          : relative.format(-daysBetween(atMs, nowMs), 'day');
  return `${ago} – ${full.format(atMs)}`;
};
