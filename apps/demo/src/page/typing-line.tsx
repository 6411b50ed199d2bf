import { useMessage } from '@wsbroker/client-browser/react';
import { useEffect, useState } from 'react';
import type { Person } from '../contract.ts';
import type { ChatClient } from './chat.ts';

export interface TypingLineProps {
  readonly client: ChatClient;
  readonly room: string;
}

interface Typist extends Person {
  readonly untilMs: number;
}

/** Longer than the pause between two `typing` of somebody who goes on typing. */
const shownMs = 4_000;

/** Who is typing. Nobody says that they have stopped: it expires, or ends with what they say. */
export const TypingLine = ({ client, room }: TypingLineProps) => {
  const [typists, setTypists] = useState<readonly Typist[]>([]);
  useMessage(client, 'typing', ({ user, name, room: where }) => {
    if (where !== room) return;
    const typist = { user, name, untilMs: Date.now() + shownMs };
    setTypists((others) => [...others.filter((other) => other.user !== user), typist]);
  });
  useMessage(client, 'said', ({ line }) => {
    setTypists((all) =>
      all.some(({ user }) => user === line.user) ? all.filter(({ user }) => user !== line.user) : all,
    );
  });
  useEffect(() => {
    if (typists.length === 0) return;
    const nextMs = Math.min(...typists.map(({ untilMs }) => untilMs)) - Date.now();
    const timer = setTimeout(() => {
      const nowMs = Date.now();
      setTypists((all) => all.filter(({ untilMs }) => untilMs > nowMs));
    }, nextMs + 1);
    return () => clearTimeout(timer);
  }, [typists]);
  return (
    <p className="typing" data-shown={typists.length > 0}>
      {typists.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {sentence(typists.map(({ name }) => name))}
        </>
      )}
    </p>
  );
};

const sentence = (names: readonly string[]): string => {
  const [first, second, ...others] = names;
  if (second === undefined) return `${first} is typing`;
  return others.length === 0 ? `${first} and ${second} are typing` : 'Several people are typing';
};
