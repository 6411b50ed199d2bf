interface Ask {
  readonly id: number;
  readonly name: string;
  readonly params: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What a process that was started here can be asked, by name. */
export type Answers = Readonly<Record<string, (params: never) => unknown>>;

const answerOf = async (answers: Answers, { id, name, params }: Ask): Promise<Answer> => {
  try {
    const answer = answers[name];
    if (!answer) throw new Error(`asked for '${name}', which is none of ${Object.keys(answers).join(', ')}`);
    return { id, result: await answer(params as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};

/** The side of the process that was started: answers what it is asked, and ends when nobody is left to ask. */
export const answerAsks = (answers: Answers): void => {
  process.on('message', (ask: Ask) => {
    void answerOf(answers, ask).then((answer) => {
      if (process.connected) process.send?.(answer);
    });
  });
  process.on('disconnect', () => process.exit(0));
};
