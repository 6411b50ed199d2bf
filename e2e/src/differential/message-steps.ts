import { setTimeout as delay } from 'node:timers/promises';
import { commands } from './backend.ts';
import type { Stage } from './stage.ts';
import { type Step, steps } from './step.ts';

/** A client that sends these texts. */
const sends =
  (...texts: (string | Uint8Array)[]): Step['run'] =>
  async (stage: Stage) => {
    const client = await stage.connect('a');
    for (const text of texts) {
      client?.sendText(text);
      await stage.settle();
    }
  };

const json = (value: unknown): string => JSON.stringify(value);

/** What a client sends, and what reaches the backend of it. */
export const messageSteps = steps('plain', {
  'a message': sends(json({ type: 'hello', text: 'there', n: 1.5, deep: { list: [1, null, true] } })),
  'a message without type': sends(json({ text: 'x' }), json({})),
  'a message with client- before its type': sends(json({ type: 'client-hello' }), json({ type: 'client-' })),
  'a message with the type of an event of the broker': sends(
    json({ type: 'session-connect' }),
    json({ type: 'session-disconnect' }),
  ),
  'a message in many alphabets': sends(
    json({
      type: 'hello',
      text: 'ü ß 漢字 😀 \u{1F469}\u{200D}\u{1F680}',
      escaped: '"\\/\b\n\t\u{0}',
    }),
  ),
  'a message with signs that a form must encode': sends(json({ type: 'hello', text: 'a+b&c=d%20;e' })),
  'a message with half a character': sends(json({ type: 'hello', text: 'cut \ud83d' })),
  'a message with numbers that JavaScript cannot hold': sends(
    '{"type":"hello","id":12345678901234567890,"n":1e400}',
  ),
  'a message with a type that is there twice': sends('{"type":"one","type":"two"}'),
  'a message with a type in capitals': sends('{"type":"one","Type":"two"}', '{"TYPE":"three"}'),
  'a message in a binary frame': sends(Buffer.from(json({ type: 'hello', text: 'ü' }))),
  'a binary frame that is no UTF-8': sends(Uint8Array.from([0x22, 0xff, 0x22])),
  'a text that is not JSON': sends('hello', ''),
  'JSON that is no object': sends('[1]', '"hello"', '1', 'true'),
  'JSON null': sends('null'),
  'an empty type': sends(json({ type: '', text: 'x' })),
  'a type with a space, and one of another alphabet': sends(
    json({ type: 'say hello' }),
    json({ type: 'grüß' }),
  ),
  'a long type': sends(json({ type: 'x'.repeat(65) })),
  'a type that is a number': sends(json({ type: 5 })),
  'a type that is an object': sends(json({ type: {} })),
  'a key __proto__': sends('{"type":"hello","__proto__":{"x":1}}'),
  'a message of 100 kB': sends(json({ type: 'hello', text: 'x'.repeat(100_000) })),
  'a message with 100 levels': sends(`{"type":"hello","deep":${'['.repeat(100)}${']'.repeat(100)}}`),
  'how an event is posted': sends(json({ type: 'describe-post' })),
  'messages while the backend is slow': async (stage) => {
    const client = await stage.connect('a');
    let inFlight = 0;
    let most = 0;
    stage.answer(async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await delay(150);
      inFlight -= 1;
      return commands();
    });
    for (const n of [1, 2, 3]) client?.send({ type: 'hello', n });
    await stage.untilEvents('client-hello', 3);
    stage.note('events at once', most);
  },
  'messages in a row, of two clients': async (stage) => {
    const a = await stage.connect('a');
    const b = await stage.connect('b');
    for (const n of [1, 2]) {
      a?.send({ type: 'hello', n });
      await stage.settle();
      b?.send({ type: 'hello', n });
      await stage.settle();
    }
  },
});
