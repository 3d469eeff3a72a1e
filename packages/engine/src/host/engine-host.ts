import type { DeviceChoice } from '../loading/choose-device.ts';
import type { LoadOptions, Model } from '../model.ts';
import type { ProcessMemory } from './process-memory.ts';

export interface HostOptions {
  /** The model's folder or file, as for `loadModel`. */
  readonly model: string;
  readonly load?: LoadOptions;
  /** What is added to the environment of the process, as of `cardEnvironment`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds without work after which the process is ended and its memory freed; 0 or Infinity: never. Default: 5 minutes. */
  readonly idleMs?: number;
  /** When a pass counts as hung. Default: 15 minutes for the first of its kind, then max(1 minute, 20 × the slowest so far). */
  readonly passDeadlineMs?: number;
  /** What `chooseDeviceHere` has found for `load`; absent: the host tries the devices itself. */
  readonly device?: DeviceChoice;
  /** Is told the title of each device before it is tried, which takes seconds, and undefined when the last one has been. */
  readonly onTrying?: (title: string | undefined) => void;
  /** What happens to the process, and what it writes. */
  readonly onLog?: (entry: HostLogEntry) => void;
  /** Aborts the wait for the first load. */
  readonly signal?: AbortSignal;
}

export interface HostLogEntry {
  /** `notice`: for whoever asked, such as why a graphics card is not used. `output`: a line that a process wrote. */
  readonly level: 'info' | 'notice' | 'warn' | 'output';
  readonly message: string;
  readonly pid: number | undefined;
}

export interface HostStats {
  /** The child process, while there is one. */
  readonly pid: number | undefined;
  readonly state: 'absent' | 'starting' | 'idle' | 'running' | 'closed';
  /** Calls in the queue. */
  readonly queued: number;
  /** How often a process was restarted. */
  readonly restarts: number;
}

/** A model in a process of its own. */
export interface EngineHost extends Model {
  stats(): HostStats;
  /** The memory of the child process now; undefined when there is none, or where the system does not report it (not Linux). */
  memory(): Promise<ProcessMemory | undefined>;
}
