import type { IncomingMessage } from 'node:http';
import type { Settings } from '../../options.ts';
import { type LimitedKind, LimitedLog } from '../../ops/limited-log.ts';
import type { Log } from '../../ops/logger.ts';
import type { AddressList } from '../address-list.ts';
import { clientAddress } from '../client-address.ts';
import type { NotNow } from '../http/refuse-upgrade.ts';
import { addressKey } from './address-key.ts';
import { connectionLimits, descriptorLimit } from './descriptors.ts';
import { HandshakeRates } from './handshake-rates.ts';
import { PendingSockets } from './pending-sockets.ts';
import { type Full, Places } from './places.ts';

export interface AdmissionOptions {
  readonly settings: Settings;
  readonly trustedProxies: AddressList;
  readonly log: Log;
  /** @default performance.now */
  readonly nowMs?: () => number;
}

/** When somebody will have left, nobody knows. */
const fullRetrySeconds = 5;

interface Told {
  readonly kind: LimitedKind;
  readonly why: string;
  readonly option: Limit;
}

type Limit =
  'handshakesPerSecond' | 'handshakesPerSecondPerAddress' | 'maxConnections' | 'maxConnectionsPerAddress';

const rateTold: Readonly<Record<Full, Told>> = {
  all: {
    kind: 'handshake rate',
    why: 'Too many clients are connecting at once.',
    option: 'handshakesPerSecond',
  },
  address: {
    kind: 'handshake rate of an address',
    why: 'Too many handshakes from your address.',
    option: 'handshakesPerSecondPerAddress',
  },
};

const placeTold: Readonly<Record<Full, Told>> = {
  all: { kind: 'connections', why: 'The broker has no room for more connections.', option: 'maxConnections' },
  address: {
    kind: 'connections of an address',
    why: 'Too many connections from your address.',
    option: 'maxConnectionsPerAddress',
  },
};

/** Decides whether there is room for a client: by how many come, and how many there are. */
export class Admission {
  readonly places: Places;
  readonly pending: PendingSockets;
  readonly #rates: HandshakeRates;
  readonly #trustedProxies: AddressList;
  readonly #log: Log;
  readonly #limitedLog: LimitedLog;
  readonly #limits: Readonly<Record<Limit, number>>;
  #isForwardedTold = false;

  constructor({ settings, trustedProxies, log, nowMs }: AdmissionOptions) {
    this.#trustedProxies = trustedProxies;
    this.#log = log;
    this.#limitedLog = new LimitedLog(log, nowMs);
    const { handshakesPerSecond, handshakesPerSecondPerAddress, maxConnectionsPerAddress } = settings;
    this.#rates = new HandshakeRates({
      inAll: { perSecond: handshakesPerSecond, burst: settings.handshakeBurst },
      perAddress: {
        perSecond: handshakesPerSecondPerAddress,
        burst: settings.handshakeBurstPerAddress,
      },
      nowMs,
    });
    const descriptors = descriptorLimit();
    const { maxConnections, maxPendingSockets, affordable } = connectionLimits(settings, descriptors);
    this.#limits = {
      handshakesPerSecond,
      handshakesPerSecondPerAddress,
      maxConnections,
      maxConnectionsPerAddress,
    };
    this.places = new Places({ max: maxConnections, maxPerAddress: maxConnectionsPerAddress });
    this.pending = new PendingSockets(maxPendingSockets, () =>
      this.#limitedLog.warn(
        'pending sockets',
        {},
        `! more than ${maxPendingSockets} connections have not sent their handshake yet: the oldest is cut (\`maxPendingSockets\`)`,
      ),
    );
    if (affordable !== undefined && maxConnections > affordable) {
      log.warn(
        {},
        `! \`maxConnections\` is ${maxConnections}, and ${descriptors} file descriptors are enough for ${affordable}: raise their limit (\`ulimit -n\`), or lower \`maxConnections\``,
      );
    }
  }

  /** The address of a client, as far as it can be known. */
  addressOf(request: IncomingMessage): string {
    this.#warnOfForwarded(request);
    return clientAddress(request, this.#trustedProxies);
  }

  /**
   * As whose a handshake counts. Undefined when its address is a trusted proxy's, which stands for nobody: one that
   * does not say whom it forwards, or a program of this machine.
   */
  keyOf(address: string): string | undefined {
    return this.#trustedProxies.has(address) ? undefined : addressKey(address);
  }

  /** Takes a handshake into the rates, or says why not. */
  handshake(key: string | undefined): NotNow | undefined {
    const wait = this.#rates.take(key);
    if (!wait) return undefined;
    return this.#notNow(rateTold[wait.over], key, Math.ceil(wait.waitMs / 1_000));
  }

  /** Why there was no room. */
  full(full: Full, key: string | undefined): NotNow {
    return this.#notNow(placeTold[full], key, fullRetrySeconds);
  }

  #notNow({ kind, why, option }: Told, address: string | undefined, retryAfterSeconds: number): NotNow {
    this.#limitedLog.warn(
      kind,
      address === undefined ? {} : { address },
      `! refused a client: ${why} (\`${option}\` is ${this.#limits[option]})`,
    );
    return { why, retryAfterSeconds };
  }

  /** Without this, a proxy that nobody has named makes all its clients one address, which is soon full. */
  #warnOfForwarded(request: IncomingMessage): void {
    if (this.#isForwardedTold || request.headers['x-forwarded-for'] === undefined) return;
    const peer = request.socket.remoteAddress;
    if (this.#trustedProxies.has(peer)) return;
    this.#isForwardedTold = true;
    this.#log.warn(
      { peer },
      '! a handshake has `x-forwarded-for`, which is not believed: if its peer is a proxy of yours, add it to `trustedProxies`; until then all its clients count as one address:',
    );
  }
}
