import type { BrokerOptions } from '@wsbroker/broker';
import type { ControlStatus } from '../control-status.ts';

/** Counts the broker's sockets: the figures that stand still while the backend comes and goes. */
export class SocketCount {
  #sockets = 0;
  #disconnects = 0;
  /** Runs after each change. */
  onChange: () => void = () => {};

  get status(): ControlStatus['broker'] {
    return { sockets: this.#sockets, disconnects: this.#disconnects };
  }

  /** For the broker. What they return lets every event go on to the backend. */
  get handlers(): Pick<BrokerOptions, 'onClientConnect' | 'onClientDisconnect'> {
    return {
      onClientConnect: () => {
        this.#sockets += 1;
        this.onChange();
        return true;
      },
      onClientDisconnect: () => {
        this.#sockets -= 1;
        this.#disconnects += 1;
        this.onChange();
      },
    };
  }
}
