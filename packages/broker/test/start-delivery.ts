/** Delivery over a fake backend and a fake clock. */
import { Delivery } from '../src/delivery/delivery.ts';
import type { EventQueue } from '../src/delivery/event-queue.ts';
import type { Fate, QueuedEvent } from '../src/delivery/queued-event.ts';
import type { BrokerOptions } from '../src/api.ts';
import { settingsFrom } from '../src/settings.ts';
import { type Answering, FakeBackend, type FakeBatches } from './fake-backend.ts';
import { FakeClock } from './fake-clock.ts';
import { type Config, FakeCommands } from './fake-commands.ts';
import type { FakeConnection } from './fake-connection.ts';

export interface StartOptions {
  readonly answer?: Answering | undefined;
  /** @default it takes no batches */
  readonly batches?: FakeBatches;
  readonly config?: Config;
  readonly settings?: Partial<BrokerOptions>;
  readonly maxRequests?: number;
  readonly clock?: FakeClock;
  /** @default the longest */
  readonly random?: () => number;
}

/** A delivery whose waits are all as long as they can be. */
export const startDelivery = ({
  answer,
  batches,
  config,
  settings,
  maxRequests = 32,
  clock = new FakeClock(),
  random = () => 1,
}: StartOptions = {}) => {
  const backend = new FakeBackend(answer, batches);
  const commands = new FakeCommands(config);
  const delivery = new Delivery({
    backend,
    commands: commands.context,
    settings: settingsFrom({ port: 0, ...settings }),
    maxRequests,
    log: commands.context.log,
    clock,
    random,
  });
  const open = (wskey: string, fields?: Record<string, unknown>): FakeConnection & { queue: EventQueue } => {
    const fake = commands.connect(wskey, fields);
    return { ...fake, queue: delivery.open(fake.connection) };
  };
  const { logs } = commands;
  return { backend, commands, clock, delivery, open, logs };
};

/** Pushes an event, and tells its fates; there has to be one. */
export const pushSettling = (
  queue: EventQueue,
  event: Partial<QueuedEvent> & { readonly id: string },
): Fate[] => {
  const fates: Fate[] = [];
  const onSettled = (fate: Fate): void => void fates.push(fate);
  queue.push({ type: 'client-x', json: '{"type":"client-x"}', ...event, onSettled }, 100);
  return fates;
};

export const push = (queue: EventQueue, id: string, type = 'client-x'): void =>
  queue.push({ id, type, json: JSON.stringify({ type, id }) }, 100);
