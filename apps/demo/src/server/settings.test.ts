import { expect, test } from 'vitest';
import { settingsFrom, StartError } from './settings.ts';

test('without variables the page is on 8080 and the broker on 31002, for this machine alone', () => {
  expect(settingsFrom({ PORT: '' })).toMatchObject({ host: '127.0.0.1', port: 8080, brokerPort: 31002 });
});

test('variables change them, and 0 is any free port', () => {
  const settings = settingsFrom({
    PORT: '0',
    BROKER_PORT: '4000',
    HOST: '0.0.0.0',
    DEMO_DATA: '/x/y.sqlite',
  });
  expect(settings).toMatchObject({ host: '0.0.0.0', port: 0, brokerPort: 4000 });
  // The journal belongs to this history, and stays with it.
  expect(settings).toMatchObject({ dataFile: '/x/y.sqlite', journalFile: '/x/y-broker.sqlite' });
});

test.each(['abc', '-1', '65536', '80.5', '1e3', ' 80'])(
  'refuses the port %j, naming the variable',
  (port) => {
    expect(() => settingsFrom({ BROKER_PORT: port })).toThrow(StartError);
    expect(() => settingsFrom({ BROKER_PORT: port })).toThrow(`BROKER_PORT is "${port}"`);
  },
);
