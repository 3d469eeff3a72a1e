/** What is to be made, every default filled in: the same whichever surface it came by, and again after a crash. */
export interface JobRequest {
  readonly model: string;
  readonly prompt: string;
  readonly prompt2: string | null;
  /** null: none (zero embeddings); `''` is encoded. */
  readonly negativePrompt: string | null;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly guidanceRescale: number;
  /** Drawn already where −1 was sent, so that a retry makes the same picture. Sample k has `seedOfSample(seed, k)`. */
  readonly seed: number;
  readonly scheduler: 'edm_dpmpp_2m' | 'edm_euler';
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly quality: number;
  /** Write the parameters into the file. */
  readonly embedParameters: boolean;
  /** The picture to start from instead of from noise alone: its name in the image store, see `StartPictures`. */
  readonly image: string | null;
  /** 0 keeps the picture, 1 forgets it. */
  readonly strength: number | null;
  /** Publish previews with the steps. */
  readonly preview: boolean;
}
