import { afterEach, expect, test, vi } from 'vitest';
import { socketUrl } from './socket-url.ts';

afterEach(() => vi.unstubAllGlobals());

test.each([
  ['ws://a.example:31002', 'ws://a.example:31002/'],
  ['wss://a.example/ws?x=1', 'wss://a.example/ws?x=1'],
  ['http://a.example/ws', 'ws://a.example/ws'],
  ['https://a.example/ws', 'wss://a.example/ws'],
  ['wss://a.example/ws#part', 'wss://a.example/ws'],
])('makes %s into %s', (url, expected) => {
  expect(socketUrl(url)).toBe(expected);
});

test('takes a URL object and leaves it as it was', () => {
  const url = new URL('https://a.example/#part');
  expect(socketUrl(url)).toBe('wss://a.example/');
  expect(url.href).toBe('https://a.example/#part');
});

test.each([
  ['/ws', 'wss://page.example:8443/ws'],
  ['ws', 'wss://page.example:8443/app/ws'],
  ['//other.example/ws', 'wss://other.example/ws'],
])('counts %s from the page', (url, expected) => {
  vi.stubGlobal('location', { href: 'https://page.example:8443/app/index.html' });
  expect(socketUrl(url)).toBe(expected);
});

test('prefers the base of the document', () => {
  vi.stubGlobal('location', { href: 'https://page.example/' });
  vi.stubGlobal('document', { baseURI: 'http://base.example/deep/' });
  expect(socketUrl('ws')).toBe('ws://base.example/deep/ws');
});

test.each(['/ws', '', 'ftp://a.example/', 'http://', 'javascript:alert(1)'])(
  'refuses "%s" outside a page, and names it',
  (url) => {
    expect(() => socketUrl(url)).toThrow(
      expect.objectContaining({ code: 'bad-url', message: expect.stringContaining(`"${url}"`) as string }),
    );
  },
);
