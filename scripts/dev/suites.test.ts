import { expect, test } from 'vitest';

import { countTests } from './suites.mjs';

const report = { numPassedTests: 7, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };

test('counts what vitest counted', () => {
  const testResults = [{ status: 'failed', assertionResults: [{}] }];
  expect(countTests({ ...report, testResults })).toEqual({ passed: 7, failed: 1, skipped: 3 });
});

test('counts a file that could not be loaded as a failure', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [] },
  ];
  expect(countTests({ ...report, testResults })).toMatchObject({ failed: 2 });
});
