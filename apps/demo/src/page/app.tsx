import { useSyncExternalStore } from 'react';
import type { BackendWatch } from './backend-watch.ts';
import type { Chat } from './chat.ts';
import { ChatRoom } from './chat-room.tsx';
import { Welcome } from './welcome.tsx';

export interface AppProps {
  readonly chat: Chat;
  readonly backend: BackendWatch;
}

export const App = ({ chat, backend }: AppProps) => {
  const state = useSyncExternalStore(chat.subscribe, chat.getState);
  return state.wish === undefined ? (
    <Welcome chat={chat} refusal={state.refusal} />
  ) : (
    <ChatRoom chat={chat} backend={backend} state={state} wish={state.wish} />
  );
};
