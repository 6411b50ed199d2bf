import { expect, test } from 'vitest';
import { MemoryLogger } from './memory-logger.ts';

test('keeps entries by level, called as pino is', () => {
  const log = new MemoryLogger();
  log.info({ ip: '::1' }, 'new connection');
  log.warn('odd');
  log.child().error({ error: new Error('broken') }, 'failed');
  expect(log.messages('info')).toEqual(['new connection']);
  expect(log.entries[1]).toEqual({ level: 'warn', message: 'odd', fields: {} });
  expect(log.text).toContain('error failed {"error":"broken"}');
});

test('next waits for an entry', async () => {
  const log = new MemoryLogger();
  const waiting = log.next((entry) => entry.level === 'error');
  log.debug('before');
  log.error('now');
  expect((await waiting).message).toBe('now');
});
