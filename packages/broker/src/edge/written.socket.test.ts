/** What a client writes reaches the backend as it was written, on every way there is. */
import { brokerStarter, connectRaw, connectV1 } from '@wsbroker/testkit';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEventRecorder } from '../../test/event-recorder.ts';
import { JournalPlace } from '../../test/journal-place.ts';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** What a client writes, and what of it is in the event. */
const written: readonly (readonly [text: string, event: string])[] = [
  ['{"type":"n","id":12345678901234567890}', '{"type":"client-n","id":12345678901234567890}'],
  ['{"type":"n","n":[1e400,-1e400,0.1000,-0,1E+2]}', '{"type":"client-n","n":[1e400,-1e400,0.1000,-0,1E+2]}'],
  ['{"b":1,"a":2,"type":"n"}', '{"b":1,"a":2,"type":"client-n"}'],
  [' {\n\t"type" : "n" , "a":[ ] } ', ' {\n\t"type" : "client-n" , "a":[ ] } '],
  [
    '{"a":"\\u00e9\\/é 漢 😀 \\ud83d\\ude00 + & = % ; \\u0000"}',
    '{"type":"client-message","a":"\\u00e9\\/é 漢 😀 \\ud83d\\ude00 + & = % ; \\u0000"}',
  ],
  ['{"type":"client-n","10":1,"9":2,"n":1.0}', '{"type":"client-n","10":1,"9":2,"n":1.0}'],
  ['{"type":"n","x":1,"x":12345678901234567890}', '{"type":"client-n","x":1,"x":12345678901234567890}'],
  ['{"n":1e400}', '{"type":"client-message","n":1e400}'],
  ['{}', '{"type":"client-message"}'],
];
const events = written.map(([, event]) => event);

/** Sends them all, and gives what reached the backend between connect and disconnect. */
const eventsBy = async (
  wire: 'plain' | 'v1' | 'requests',
  options: BrokerOptions = {},
  encoding: 'form' | 'json' = 'form',
): Promise<string[]> => {
  await using recorder = await startEventRecorder();
  await using broker = await startBroker({ ...options, backend: { url: recorder.url, encoding } });
  if (wire === 'plain') {
    await using client = await connectRaw(broker.url);
    for (const [text] of written) client.send(text);
    client.send('{"type":"last"}');
    await recorder.next((message) => message === '{"type":"client-last"}');
  } else {
    await using client = await connectV1(broker.url);
    for (const [id, [text]] of written.entries()) {
      client.send(wire === 'v1' ? text : `[ "request",${id} ,${text}]`);
    }
    await client.deliveredUpTo(client.send('{"type":"last"}'));
  }
  return recorder.messages.slice(1, 1 + written.length);
};

for (const wire of ['plain', 'v1', 'requests'] as const) {
  for (const encoding of ['form', 'json'] as const) {
    for (const isJournalled of [false, true]) {
      test(`P113: numbers, key order and spelling reach the backend as they were written: ${wire}, ${encoding}${isJournalled ? ', journal' : ''}`, async () => {
        await using place = new JournalPlace();
        const options = isJournalled ? { journal: join(place.folder, 'a.db') } : {};
        expect(await eventsBy(wire, options, encoding)).toEqual(events);
      });
    }
  }
}

test('an event is not even built where the log shows no `debug`', async () => {
  const shown: unknown[] = [];
  const log = {
    debug: (fields: { event?: unknown }) => void shown.push(fields.event),
    info() {},
    warn() {},
    error() {},
    isLevelEnabled: (level: string) => level !== 'debug',
  };
  expect(await eventsBy('plain', { log })).toEqual(events);
  expect(shown).toContainEqual({ type: 'session-connect' });
  expect(shown).not.toContainEqual(expect.objectContaining({ type: 'client-n' }));
});

test('a journal gives the next process what was written', async () => {
  await using place = new JournalPlace();
  const journal = join(place.folder, 'a.db');
  await using recorder = await startEventRecorder();
  {
    await using broker = await startBroker({
      journal,
      backend: { url: 'http://127.0.0.1:9/' },
      retryMaxMs: 100,
    });
    await using client = await connectV1(broker.url);
    for (const [text] of written) client.send(text);
    await client.ackedUpTo(written.length);
  }
  await using _next = await startBroker({ journal, backend: { url: recorder.url } });
  await recorder.next((message) => message === events.at(-1));
  expect(recorder.messages.slice(1, 1 + written.length)).toEqual(events);
});

test('a function backend gets the parsed event', async () => {
  const seen: unknown[] = [];
  await using broker = await startBroker({
    backend: {
      type: 'function',
      handle: (message) => {
        if (message.type.startsWith('client-')) seen.push(message);
        return [];
      },
    },
  });
  await using client = await connectV1(broker.url);
  for (const [text] of written) client.send(text);
  await client.deliveredUpTo(written.length);
  expect(seen).toEqual(events.map((event) => JSON.parse(event) as unknown));
});

test('P113: a message that a handler has seen is encoded anew, with what the handler has changed', async () => {
  await using recorder = await startEventRecorder();
  await using broker = await startBroker({
    backend: { url: recorder.url },
    onClientMessage: (message) => {
      message['by'] = 'handler';
      return true;
    },
  });
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send('{ "type":"n", "n":1.0 }'));
  expect(recorder.messages[1]).toBe('{"type":"client-n","n":1,"by":"handler"}');
});
