import { expect, test } from 'vitest';
import { dayName, dayOf, tooltipOf } from './clock.ts';

const at = (day: number, hour: number, minute = 0): number => new Date(2026, 10, day, hour, minute).getTime();
const now = at(24, 9);

test('days are named as the calendar counts them, not by hours that have passed', () => {
  const today = dayName(at(24, 0), now);
  const yesterday = dayName(at(23, 23, 59), now);
  expect(yesterday).not.toBe(today);
  expect(dayName(at(23, 0), now)).toBe(yesterday);
  expect(dayName(at(22, 23), now)).not.toBe(yesterday);
  expect(dayOf(at(23, 23, 59))).not.toBe(dayOf(at(24, 0)));
});

test('a date of another year has its year', () => {
  expect(dayName(new Date(2024, 0, 5).getTime(), now)).toContain('2024');
  expect(dayName(at(2, 0), now)).not.toContain('2026');
});

test('the tooltip says how long ago and exactly when', () => {
  const language = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  expect(tooltipOf(now - 180_000, now)).toContain(language.format(-3, 'minute'));
  expect(tooltipOf(now - 7_200_000, now)).toContain(language.format(-2, 'hour'));
  expect(tooltipOf(at(21, 9), now)).toContain(language.format(-3, 'day'));
  // A clock of the backend that goes ahead of this one.
  expect(tooltipOf(now + 5_000, now)).toContain(language.format(0, 'minute'));
});
