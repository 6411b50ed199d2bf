import { useSyncExternalStore } from 'react';
import type { ProcessWatch } from './process-watch.ts';
import type { Chat } from './chat.ts';
import { ChatRoom } from './chat-room.tsx';
import { Welcome } from './welcome.tsx';

export interface AppProps {
  readonly chat: Chat;
  readonly processes: ProcessWatch;
}

export const App = ({ chat, processes }: AppProps) => {
  const state = useSyncExternalStore(chat.subscribe, chat.getState);
  return state.wish === undefined ? (
    <Welcome chat={chat} refusal={state.refusal} />
  ) : (
    <ChatRoom chat={chat} processes={processes} state={state} wish={state.wish} />
  );
};
