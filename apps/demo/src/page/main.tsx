import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { PageConfig } from '../control-status.ts';
import { App } from './app.tsx';
import { ProcessWatch } from './process-watch.ts';
import { Chat } from './chat.ts';
import { Memory } from './memory.ts';
import { roomOfAddress } from './room-address.ts';
import './styles/base.css';
import './styles/layout.css';
import './styles/sidebar.css';
import './styles/wire.css';
import './styles/lines.css';
import './styles/composer.css';
import './styles/welcome.css';

const element = document.querySelector('#root');
if (element === null) throw new Error('There is no #root in the page.');
const root = createRoot(element);

/** The same host as the page, under whatever name it was opened: the broker takes no page of another. */
const brokerUrl = ({ brokerPort }: PageConfig): string =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${brokerPort}/`;

const start = async (): Promise<void> => {
  const response = await fetch('/config.json');
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  const config = (await response.json()) as PageConfig;
  const memory = new Memory(
    () => sessionStorage,
    () => localStorage,
  );
  const chat = new Chat({ url: brokerUrl(config), memory, room: roomOfAddress() });
  const processes = new ProcessWatch();
  root.render(
    <StrictMode>
      <App chat={chat} processes={processes} />
    </StrictMode>,
  );
};

start().catch((error: unknown) => {
  root.render(
    <main className="failure">
      <h1>The chat could not start</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>
        Is the demo still running? Start it with <code>npm start</code> and load this page again.
      </p>
      <button type="button" className="button" onClick={() => location.reload()}>
        Load again
      </button>
    </main>,
  );
});
