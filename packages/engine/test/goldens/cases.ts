import type { GenerateRequest } from '../../src/model.ts';
import { type Fixture, readFixture, readFixtureJson } from '../fixtures.ts';

/** One run of the reference pipeline: what it was asked, and every tensor on the way. */
export interface GoldenCase {
  readonly id: string;
  readonly request: GenerateRequest;
  readonly fixture: Fixture;
}

interface CaseJson {
  readonly prompt: string;
  readonly prompt_2?: string;
  readonly negative: string | null;
  readonly negative_2?: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  readonly guidance_rescale?: number;
  readonly seed?: number;
  readonly seeds?: number[];
  readonly samples?: number;
  readonly scheduler?: string;
  readonly scheduler_kwargs?: { readonly sigma_schedule?: 'karras' | 'exponential' };
  readonly strength?: number;
  readonly original_size?: [number, number];
  readonly crops?: [number, number];
  readonly target_size?: [number, number];
  readonly negative_original_size?: [number, number];
  readonly negative_crops?: [number, number];
  readonly negative_target_size?: [number, number];
}

export const caseIds: readonly string[] = readFixtureJson<{ cases: string[] }>('manifest.json').cases;

export function goldenCase(id: string): GoldenCase {
  const json = readFixtureJson<CaseJson>(`cases/${id}.json`);
  const fixture = readFixture(`cases/${id}.safetensors`);
  const isShared = (json.samples ?? 1) > 1 && json.seeds === undefined;
  return {
    id,
    fixture,
    request: {
      prompt: json.prompt,
      ...(json.prompt_2 !== undefined && { prompt2: json.prompt_2 }),
      negativePrompt: json.negative,
      negativePrompt2: json.negative_2 ?? null,
      width: json.width,
      height: json.height,
      steps: json.steps,
      guidanceScale: json.guidance,
      guidanceRescale: json.guidance_rescale ?? 0,
      samples: json.samples ?? 1,
      ...(json.seed !== undefined && { seed: json.seed }),
      ...(json.seeds && { seeds: json.seeds }),
      generator: isShared ? 'shared' : 'per-sample',
      scheduler: json.scheduler === 'EDMEulerScheduler' ? 'edm_euler' : 'edm_dpmpp_2m',
      ...(json.scheduler_kwargs?.sigma_schedule && {
        schedulerOverrides: { sigmaSchedule: json.scheduler_kwargs.sigma_schedule },
      }),
      ...microConditioning(json),
      ...startPicture(json, fixture),
    },
  };
}

function microConditioning(json: CaseJson): Pick<GenerateRequest, 'microConditioning'> {
  if (!json.original_size || !json.target_size || !json.crops) return {};
  const { negative_original_size: negativeOriginalSize, negative_target_size: negativeTargetSize } = json;
  return {
    microConditioning: {
      originalSize: json.original_size,
      cropTopLeft: json.crops,
      targetSize: json.target_size,
      ...(negativeOriginalSize && { negativeOriginalSize }),
      ...(json.negative_crops && { negativeCropTopLeft: json.negative_crops }),
      ...(negativeTargetSize && { negativeTargetSize }),
    },
  };
}

function startPicture(json: CaseJson, fixture: Fixture): Pick<GenerateRequest, 'image'> {
  const pixels = fixture.get('input_image_u8');
  if (json.strength === undefined || !(pixels?.data instanceof Uint8Array)) return {};
  const [height = 0, width = 0] = pixels.shape;
  return { image: { picture: { width, height, data: pixels.data }, strength: json.strength } };
}
