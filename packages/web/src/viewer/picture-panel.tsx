import { type Job, type JobImport, type SettingsSource, samplerLabel } from '@easel/contract';
import { CopyButton } from '../parts/buttons.tsx';
import { describeModelOf, deviceOf } from '../parts/model-name.tsx';
import { useModels } from '../session/session.tsx';
import { drawnSize, modelOfJob, type Settings } from '../settings/settings.ts';
import { PictureActions, type PictureActionsProps } from './picture-actions.tsx';
import { type Fact, Facts, PromptText } from './picture-facts.tsx';

/** What is known of one's own picture, and what can be done with it. */
export function PicturePanel(props: PictureActionsProps) {
  const { job, image, onUse } = props;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the window is low, and keys scroll what has the focus (WCAG 2.1.1) */}
      <div className="about stack" tabIndex={0}>
        <PromptText
          text={job.prompt === '' ? 'The file that was imported has no prompt.' : (job.prompt ?? 'Prompt not stored.')}
        >
          {job.prompt !== null && job.prompt !== '' && (
            <>
              <CopyButton text={job.prompt}>Copy prompt</CopyButton>
              <button type="button" onClick={() => onUse(textsOf(job))}>
                Use prompt
              </button>
            </>
          )}
        </PromptText>
        <Facts facts={useFacts(job, image)} uses={useSingly(job, image, onUse)} />
      </div>
      <div className="viewer-actions">
        <PictureActions {...props} />
      </div>
    </>
  );
}

/** The prompt with what belongs to it. */
function textsOf({ prompt, negative_prompt: negativePrompt, style }: Job): Partial<Settings> {
  return { prompt: prompt ?? '', negativePrompt: negativePrompt ?? '', style: style ?? '' };
}

function useSingly(job: Job, image: Job['images'][number], onUse: (settings: Partial<Settings>) => void) {
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  const size = drawnSize(model, { width: job.img_width, height: job.img_height });
  return new Map([
    ['Seed', () => onUse({ seed: image.seed })],
    ['Size', () => onUse({ ...size, isShapeChosen: true })],
  ]);
}

function useFacts(job: Job, { seed, variation_seed: variationSeed }: Job['images'][number]): readonly Fact[] {
  const { reply: models = [] } = useModels();
  if (job.imported !== undefined) return factsOfImport(job, job.imported);
  const device = deviceOf(job);
  return [
    ['Model', describeModelOf(job, models)],
    ['API name', job.model],
    ['Seed', String(seed)],
    ...(variationSeed === undefined
      ? []
      : [['Variation', `${job.variation_strength} toward seed ${variationSeed}`] as const]),
    ['Size', `${job.img_width}×${job.img_height}`],
    ['Steps', String(job.num_inference_steps)],
    ['Guidance', String(job.guidance_scale)],
    ['Scheduler', samplerLabel(job.scheduler)],
    ['Profile', job.profile],
    ...(device === undefined ? [] : [['Device', device] as const]),
    ...(job.style === null || job.style === undefined ? [] : [['Style', job.style] as const]),
    ...(job.negative_prompt === null ? [] : [['Negative prompt', job.negative_prompt] as const]),
    ...(job.strength === null ? [] : [['Strength', String(job.strength)] as const]),
    ...(job.upscale === null ? [] : [['Upscaled', `${job.upscale}×`] as const]),
  ];
}

/** Where it comes from, and what its file tells. */
function factsOfImport(job: Job, { file_name: file, source, known }: JobImport): readonly Fact[] {
  const told = (name: string, label: string, text: string | null | undefined): readonly Fact[] =>
    known.includes(name) && text !== null && text !== undefined ? [[label, text]] : [];
  return [
    ['Imported', file ?? 'without a file name'],
    ...(source === null ? [] : [['Settings of', toolNames[source]] as const]),
    ...(job.drawn_by === null ? [] : [['Model', job.drawn_by] as const]),
    ['Size', `${job.img_width}×${job.img_height}`],
    ...told('seed', 'Seed', String(job.seed)),
    ...told('num_inference_steps', 'Steps', String(job.num_inference_steps)),
    ...told('guidance_scale', 'Guidance', String(job.guidance_scale)),
    ...told('scheduler', 'Scheduler', samplerLabel(job.scheduler)),
    ...told('style', 'Style', job.style),
    ...told('negative_prompt', 'Negative prompt', job.negative_prompt),
  ];
}

const toolNames: Readonly<Record<SettingsSource, string>> = {
  easel: 'Easel',
  automatic1111: 'AUTOMATIC1111 or compatible',
  invokeai: 'InvokeAI',
  comfyui: 'ComfyUI',
  fooocus: 'Fooocus',
  swarmui: 'SwarmUI',
  unknown: 'an unknown tool',
};
