import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { messageOf } from '@easel/errors';

/**
 * A machine of its own as far as the network is concerned (Linux: network_namespaces(7)), joined to this one by a switch. When its cable is
 * pulled both sides keep their addresses and connections, and hear nothing of each other: as when a switch fails between them.
 */
export class NetworkNamespace {
  /** This machine's address on the switch. */
  readonly hostAddress: string;
  /** What runs a program there. */
  readonly within: readonly string[];
  readonly #name: string;
  readonly #bridge: string;
  readonly #cable: string;

  /** @throws Error where this process may not */
  static create(): NetworkNamespace {
    const namespace = new NetworkNamespace();
    try {
      namespace.#build();
      return namespace;
    } catch (error) {
      namespace.remove();
      throw error;
    }
  }

  /** Why there can be none here; undefined where there can. */
  static reasonWithout(): string | undefined {
    if (process.platform !== 'linux') return 'network namespaces are of Linux';
    try {
      NetworkNamespace.create().remove();
      return undefined;
    } catch (error) {
      return `no network namespace can be made here: ${messageOf(error).split('\n').slice(0, 2).join(' ').trim()}`;
    }
  }

  private constructor() {
    const id = randomInt(1, 2 ** 14);
    const network = `10.213.${id >> 6}.${(id & 63) << 2}`;
    this.hostAddress = plus(network, 1);
    this.#name = `easel-${id}`;
    this.#bridge = `eb${id}`;
    this.#cable = `ec${id}`;
    this.within = ['ip', 'netns', 'exec', this.#name];
  }

  /** Pulls the cable. */
  cut(): void {
    ip('link', 'set', this.#cable, 'nomaster');
  }

  heal(): void {
    ip('link', 'set', this.#cable, 'master', this.#bridge);
  }

  remove(): void {
    for (const args of [
      ['netns', 'delete', this.#name],
      ['link', 'delete', this.#cable],
      ['link', 'delete', this.#bridge],
    ]) {
      try {
        ip(...args);
      } catch {
        // It was not made, or went with the other end.
      }
    }
  }

  #build(): void {
    const inside = (...args: string[]) => ip('-n', this.#name, ...args);
    const far = `${this.#cable}f`;
    ip('netns', 'add', this.#name);
    ip('link', 'add', this.#bridge, 'type', 'bridge');
    ip('address', 'add', `${this.hostAddress}/30`, 'dev', this.#bridge);
    ip('link', 'add', this.#cable, 'type', 'veth', 'peer', 'name', far);
    ip('link', 'set', far, 'netns', this.#name);
    this.heal();
    for (const device of [this.#bridge, this.#cable]) ip('link', 'set', device, 'up');
    inside('address', 'add', `${plus(this.hostAddress, 1)}/30`, 'dev', far);
    for (const device of ['lo', far]) inside('link', 'set', device, 'up');
  }
}

function plus(address: string, more: number): string {
  return address.replace(/\d+$/, (last) => String(Number(last) + more));
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
