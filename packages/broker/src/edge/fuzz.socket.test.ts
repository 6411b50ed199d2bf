/** Several hundred inputs that no client would write, from a seed, against one broker with all its parts in use. */
import { once } from 'node:events';
import { brokerStarter, connectRaw, connectTcp, postCommands, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Another one is tried with `FUZZ_SEED=42`. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
const rounds = 30;
const atOnce = 20;

/** mulberry32: small, and the same everywhere. */
const randomFrom = (start: number) => {
  let state = start;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

class Inputs {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most) }, () => this.below(256)));
  }

  /** The same bytes with some of them changed, left out, or said twice. */
  mutated(bytes: Buffer): Buffer {
    let result = Buffer.from(bytes);
    for (let times = this.below(4); times >= 0; times -= 1) {
      const at = this.below(result.length);
      const end = at + this.below(result.length - at);
      const parts = [
        [result.subarray(0, at), this.bytes(4), result.subarray(at + 1)],
        [result.subarray(0, at), result.subarray(end)],
        [result.subarray(0, end), result.subarray(at)],
        [result.subarray(0, end)],
      ];
      result = Buffer.concat(this.pick(parts));
      if (result.length === 0) return result;
    }
    return result;
  }

  handshake(): Buffer {
    const headers = [
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: 0aCw4LH5MR7bIacx5PtEtA==',
      ...(this.below(3) === 0
        ? [
            `Cookie: ${this.bytes(30)
              .toString('latin1')
              .replace(/[\r\n]/g, '')}`,
          ]
        : []),
      ...(this.below(3) === 0 ? [`Origin: ${this.pick(['null', 'http://x', '://', 'http://[', '%'])}`] : []),
      ...(this.below(3) === 0
        ? [`X-Forwarded-For: ${this.pick(['1.2.3.4', ',,,', '::', '1.2.3.4:99999', '[', '%00'])}`]
        : []),
    ];
    return Buffer.from(
      `GET /${this.pick(['', '?', '%', '//', 'a/../..'])} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`,
      'latin1',
    );
  }

  json(depth = 0): unknown {
    const kinds: (() => unknown)[] = [
      () => this.pick(['', 'x', '__proto__', 'constructor', 'type', 'close', '*', '\ud800', '\u0000', 'é😀']),
      () => this.pick([0, -1, 1e308, 5e-324, 2 ** 53]),
      () => this.pick([null, true, false]),
    ];
    if (depth < 4) {
      kinds.push(() => Array.from({ length: this.below(4) }, () => this.json(depth + 1)));
      kinds.push(() =>
        Object.fromEntries(
          Array.from({ length: this.below(4) }, () => [
            this.pick([
              'type',
              'match',
              'data',
              'message',
              '__proto__',
              'constructor',
              'toJSON',
              'then',
              'ip',
            ]),
            this.json(depth + 1),
          ]),
        ),
      );
    }
    return this.pick(kinds)();
  }

  frame(): Buffer {
    const payload =
      this.below(2) === 0 ? this.bytes(200) : Buffer.from(JSON.stringify({ type: 'x', a: this.json() }));
    const mask = this.bytes(5).subarray(0, 4);
    const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    const first = this.pick([
      0x81,
      0x81,
      0x81,
      0x82,
      0x01,
      0x00,
      0x80,
      0x88,
      0x89,
      0x8a,
      0xf1,
      this.below(256),
    ]);
    const length =
      payload.length < 126
        ? [0x80 | payload.length]
        : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
    return Buffer.concat([Buffer.from([first, ...length]), mask, masked]);
  }

  post(): Buffer {
    const body = this.pick([
      Buffer.from(JSON.stringify(this.json())),
      Buffer.from(JSON.stringify([this.json(), { type: 'list' }, this.json()])),
      Buffer.from(`data=${encodeURIComponent('[{"type":"send","message":1}]')}`),
      this.bytes(100),
    ]);
    const type = this.pick(['application/json', 'application/x-www-form-urlencoded', 'x', '']);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${this.pick([body.length, body.length, 0, 5, 99_999_999])}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  stream(): Buffer {
    const frames = Array.from({ length: this.below(6) }, () => this.frame());
    return this.pick([
      () => this.bytes(500),
      () => this.mutated(this.handshake()),
      () => this.post(),
      () => this.mutated(this.post()),
      () => Buffer.concat([this.handshake(), ...frames]),
      () => Buffer.concat([this.handshake(), this.mutated(Buffer.concat([this.frame(), ...frames]))]),
    ])();
  }
}

test(`${rounds * atOnce} inputs from the seed ${seed} end nothing: clients are served, commands run, no prototype is touched`, async () => {
  const inputs = new Inputs(randomFrom(seed));
  // Of its own, since answers are drawn in an order that no seed decides.
  const answers = new Inputs(randomFrom(seed + 1));
  await using backend = await startFakeBackend(({ message }) => {
    if (message.type === 'client-honest')
      return [{ type: 'send', message: { type: 'served', n: message['n'] } }];
    return answers.below(3) === 0
      ? { status: answers.pick([200, 200, 204, 400, 404, 500]), body: JSON.stringify(answers.json()) }
      : [
          answers.json(),
          {
            type: answers.pick(['close', 'session', 'send', 'log']),
            match: answers.json(),
            data: answers.json(),
          },
        ];
  });
  await using broker = await startBroker({
    backend: { url: backend.url, allow: ['127.0.0.1'] },
    log: silent,
    retryMinMs: 1,
    retryMaxMs: 5,
    maxEventAgeMs: 50,
    onClientMessage: () => true,
  });

  let served = 0;
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        const bytes = inputs.stream();
        const how = inputs.pick(['reset', 'end', 'destroy', 'wait']);
        const cut = inputs.below(bytes.length + 1);
        await using tcp = await connectTcp(broker.port);
        tcp.write(bytes.subarray(0, cut));
        tcp.write(bytes.subarray(cut));
        if (how === 'reset') tcp.socket.resetAndDestroy();
        else if (how === 'end') tcp.socket.end();
        else if (how === 'wait')
          await Promise.race([once(tcp.socket, 'data'), tcp.ended, new Promise(setImmediate)]);
      }),
    );
    await using honest = await connectRaw(broker.url, { headers: { cookie: 'who=honest' } });
    honest.send({ type: 'honest', n: round });
    try {
      await honest.next(({ type, n }) => type === 'served' && n === round);
      served += 1;
    } catch {
      // A command from the fuzz may close everyone, which is no fault; not to be served would be one.
      expect((await honest.closed).code).toBe(1000);
    }
    expect((await postCommands(broker.httpUrl, [{ type: 'list', count: true }])).status).toBe(200);
  }
  expect(served).toBeGreaterThan(0);
  expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(ownNames);
});

const ownNames = Object.getOwnPropertyNames(Object.prototype).toSorted();
