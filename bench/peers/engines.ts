import { fileURLToPath } from 'node:url';

/** What is timed: one pass of the UNet of batch 1, or a whole picture with guidance (two passes a step). */
export interface Case {
  readonly name: string;
  readonly kind: 'unet' | 'picture';
  /** Pixels of a side. */
  readonly size: number;
  readonly steps: number;
  /** Timed runs in each round, after one that is not counted; 0: the one counts. */
  readonly runs: number;
}

export const cases: readonly Case[] = [
  { name: 'unet-512', kind: 'unet', size: 512, steps: 1, runs: 3 },
  { name: 'unet-1024', kind: 'unet', size: 1024, steps: 1, runs: 1 },
  { name: 'picture-512', kind: 'picture', size: 512, steps: 25, runs: 0 },
  { name: 'picture-1024', kind: 'picture', size: 1024, steps: 4, runs: 0 },
  { name: 'picture-1024-25', kind: 'picture', size: 1024, steps: 25, runs: 0 },
];

/** One way of running the model; each round of it is a process of its own. */
export interface Engine {
  readonly name: string;
  readonly kinds: readonly Case['kind'][];
  readonly program: 'node' | 'python';
  /** The program and its first arguments; the case's follow. */
  readonly command: readonly string[];
  /** It makes a file of its own from the model before its first round; that is not timed. */
  readonly prepares: boolean;
  /** GB that it was seen to need at its peak: a machine with less leaves it out and says so. */
  readonly needs: number;
}

const ours = fileURLToPath(new URL('ours.ts', import.meta.url));
const peer = fileURLToPath(new URL('peer.py', import.meta.url));

const easel = (mode: string, kinds: Engine['kinds'], needs: number): Engine => ({
  name: `easel ${mode}`,
  kinds,
  program: 'node',
  command: [ours, mode],
  prepares: mode !== 'exact',
  needs,
});

const diffusers = (precision: string, needs: number): Engine => ({
  name: `diffusers ${precision}`,
  kinds: ['unet', 'picture'],
  program: 'python',
  command: [peer, 'diffusers', precision],
  prepares: false,
  needs,
});

const openvino = (precision: string, needs: number): Engine => ({
  name: `openvino ${precision}`,
  kinds: ['unet'],
  program: 'python',
  command: [peer, 'openvino', precision],
  prepares: true,
  needs,
});

export const engines: readonly Engine[] = [
  easel('exact', ['unet', 'picture'], 8),
  easel('int8', ['unet', 'picture'], 6),
  easel('fast', ['picture'], 6),
  diffusers('fp32', 21),
  diffusers('bf16', 16),
  openvino('f32', 21),
  openvino('bf16', 21),
  openvino('weights8', 21),
  openvino('weights8-bf16', 21),
  openvino('int8', 26),
  {
    name: 'stable-diffusion.cpp f16',
    kinds: ['picture'],
    program: 'python',
    command: [peer, 'sdcpp', 'f16'],
    prepares: true,
    needs: 16,
  },
];
