/** What a picture was made with, as it is kept in the picture's file. See `formatParameters` and `parseParameters`. */
export interface GenerationParameters {
  readonly prompt: string;
  /** null or absent: none; `""`: the empty text, encoded. */
  readonly negativePrompt?: string | null;
  readonly prompt2?: string;
  readonly negativePrompt2?: string;
  readonly steps: number;
  readonly scheduler: 'edm_dpmpp_2m' | 'edm_euler';
  readonly sigmaSchedule?: 'karras' | 'exponential';
  readonly solverOrder?: 1 | 2 | 3;
  readonly solverType?: 'midpoint' | 'heun';
  readonly guidanceScale: number;
  readonly guidanceRescale?: number;
  /** The seed of this very picture; null when it was made from given latents. */
  readonly seed: bigint | null;
  readonly width: number;
  readonly height: number;
  readonly model: string;
  /** Image-to-image only. */
  readonly strength?: number;
  readonly easelVersion: string;
}
