import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeNetwork } from '../test/fake-socket.ts';
import { createClient } from './create-client.ts';
import { useClient, useMessage, useMessages, useStatus } from './react.ts';

afterEach(() => vi.unstubAllGlobals());

test('renders on a server without a page or a WebSocket, and connects nothing', () => {
  vi.stubGlobal('WebSocket', undefined);
  const url = vi.fn<() => string>();
  const Page = () => {
    const client = useClient({ url });
    const { state } = useStatus(client);
    const said = useMessages(client, 'said');
    useMessage(client, 'said', () => undefined);
    return `${state} ${said.length}`;
  };
  expect(renderToString(createElement(Page))).toBe('idle 0');
  expect(url).not.toHaveBeenCalled();
});

test('renders a client of the module as idle on a server, so that the browser agrees', () => {
  const { WebSocket } = new FakeNetwork();
  using client = createClient({ url: 'ws://broker.example/', WebSocket });
  const Page = () => useStatus(client).state;
  expect(client.status.state).toBe('connecting');
  expect(renderToString(createElement(Page))).toBe('idle');
});
