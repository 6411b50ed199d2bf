import { StrictMode, useEffect, useState } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import type { Client } from '../src/client.ts';
import { useClient, useMessage, useMessages, useSent, useStatus } from '../src/react.ts';
import type { Sent } from '../src/sent.ts';

/** `?broker=<url>` is where to connect; with `hydrate` the page comes rendered. */
const parameters = new URLSearchParams(location.search);
const url = parameters.get('broker') ?? '/';

const Talk = ({ client }: { client: Client }) => {
  const { queued } = useStatus(client);
  const state = useStatus(client, (status) => status.state);
  const [sent, setSent] = useState<Sent>();
  const tick = useSent(sent);
  const latest = useMessages(client, 'echo', { limit: 3 });
  const left = useMessages(client, 'left');
  const [sum, setSum] = useState(0);
  // Reads the state of the latest rendering: a listener that was kept from the first one would stay at 0.
  useMessage(client, 'echo', (message) => setSum(sum + Number(message['n'] ?? 0)));
  useEffect(() => void client.send({ type: 'join' }), [client]);
  useEffect(() => () => void client.send({ type: 'leave' }), [client]);
  return (
    <>
      <output id="state">{state}</output>
      <output id="queued">{queued}</output>
      <output id="tick">{tick}</output>
      <output id="latest">{latest.map((message) => String(message['n'])).join(' ')}</output>
      <output id="left">{left.length}</output>
      <output id="sum">{sum}</output>
      <button id="send" onClick={() => setSent(client.send({ type: 'say', n: latest.length + 1 }))}>
        Send
      </button>
    </>
  );
};

const Room = () => <Talk client={useClient({ url, backoff: { minMs: 20, maxMs: 200 } })} />;

const App = () => {
  const [isHere, setIsHere] = useState(true);
  return (
    <>
      {isHere && <Room />}
      <button id="toggle" onClick={() => setIsHere(!isHere)}>
        Come and go
      </button>
    </>
  );
};

const app = (
  <StrictMode>
    <App />
  </StrictMode>
);
const root = document.querySelector('#root');
if (root && parameters.has('hydrate')) {
  root.innerHTML = renderToString(app);
  document.title = root.querySelector('#state')?.textContent ?? '';
  hydrateRoot(root, app);
} else if (root) {
  createRoot(root).render(app);
}
