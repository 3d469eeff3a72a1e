import { faultOfUpscale, formatSize, type Job, type JobCreate } from '@easel/contract';
import { pathOf } from '../files/picture-file.ts';
import { credits } from '../format/text.ts';
import { useRuns } from '../runs/runs.tsx';
import { useDebouncedReply } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { enlargementOf, modelOfJob, type Settings, settingsOfJob } from '../settings/settings.ts';
import { type Distance, VARIATIONS, variationsOf } from '../settings/variations.ts';
import '../styles/vary.css';

type Image = Job['images'][number];

export interface VaryActionsProps {
  readonly job: Job;
  readonly image: Image;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

const distances = [
  ['subtle', 'Vary (subtle)', 'like this one, with other details'],
  ['strong', 'Vary (strong)', 'of the same idea, drawn differently'],
] as const satisfies readonly (readonly [Distance, string, string])[];

/** What comes next for a picture: others like it, or the form filled with its settings. */
export function VaryActions({ job, image, onUse, onMake }: VaryActionsProps) {
  const { startImageOf } = useRuns();
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  const { vary: price } = usePrices(job, image, model);
  const isUnknown = job.prompt === null;
  const remix = () => {
    const { seed, variation_seed: variationSeed = null } = image;
    // The form does not enlarge: what an enlarged picture was made from is not what its prompt was drawn from.
    const startImage = job.upscale === null ? startImageOf(job) : null;
    onUse(settingsOfJob(job, { seed, variationSeed, startImage, model }));
  };
  return (
    <div className="stack vary">
      <div className="row wrap">
        {distances.map(([distance, label, words]) => (
          <button
            key={distance}
            type="button"
            className="primary"
            disabled={isUnknown}
            title={`${VARIATIONS} pictures ${words}${priced(price)}`}
            // The second half of a double click would be charged, too.
            onClick={({ detail }) =>
              detail < 2 && onMake(variationsOf(job, image, { path: pathOf(image.url), model, distance }))
            }
          >
            {label}
          </button>
        ))}
        <button
          type="button"
          disabled={isUnknown}
          title="Fills the form with the settings of this picture, its seed among them: change the prompt and generate"
          onClick={remix}
        >
          Remix
        </button>
      </div>
      {isUnknown ? (
        <small className="quiet">The prompt was not stored, so the picture cannot be varied.</small>
      ) : (
        <small className="quiet">
          Vary makes {VARIATIONS} pictures{priced(price)}.
        </small>
      )}
    </div>
  );
}

export interface EachPictureActionsProps {
  readonly job: Job;
  readonly onMake: (request: JobCreate) => void;
}

/** Two buttons for each picture of a run: U1 enlarges the first, V1 makes variations of it, and so on. */
export function EachPictureActions({ job, onMake }: EachPictureActionsProps) {
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  const [first] = job.images;
  const prices = usePrices(job, first, model);
  if (first === undefined || job.prompt === null) return null;
  const buttons = (kind: 'U' | 'V', name: (number: number) => string, requestFor: (image: Image) => JobCreate) => (
    <div className="row">
      {job.images.map((image, index) => (
        <button
          key={image.id}
          type="button"
          // Begins with what is seen, so that who speaks to the page can say it.
          aria-label={`${kind}${index + 1}: ${name(index + 1)}`}
          title={name(index + 1)}
          disabled={kind === 'U' && faultOfUpscale(image, 2) !== undefined}
          onClick={({ detail }) => detail < 2 && onMake(requestFor(image))}
        >
          {kind}
          {index + 1}
        </button>
      ))}
    </div>
  );
  return (
    <fieldset className="each-picture">
      <legend className="visually-hidden">Each picture</legend>
      {buttons(
        'U',
        (number) => `Upscale picture ${number} by 2${priced(prices.upscale)}`,
        (image) => enlargementOf(job, pathOf(image.url), { seed: image.seed, upscale: 2 }),
      )}
      {buttons(
        'V',
        (number) => `Vary picture ${number}: ${VARIATIONS} pictures${priced(prices.vary)}`,
        (image) => variationsOf(job, image, { path: pathOf(image.url), model, distance: 'strong' }),
      )}
    </fieldset>
  );
}

function priced(price: number | undefined): string {
  return price === undefined ? '' : `, ${credits(price)} credits`;
}

interface Prices {
  readonly vary?: number;
  readonly upscale?: number;
}

/** What four variations, or an enlargement by two, of a picture would cost. */
function usePrices(job: Job, image: Image | undefined, { id: model } = { id: job.model }): Prices {
  const { client } = useSession();
  const { profile, num_inference_steps: steps, img_width: width, img_height: height } = job;
  const enlarged = { width: image?.width ?? width, height: image?.height ?? height };
  const quote = useDebouncedReply<Prices>(
    [model, profile, steps, width, height, enlarged.width, enlarged.height].join(),
    async (signal) => {
      const common = { model, profile, num_inference_steps: steps };
      const size = { img_width: width, img_height: height };
      const [vary, upscale] = await Promise.all([
        client.account.price({ ...common, ...size, samples: VARIATIONS }, { signal }),
        client.account
          .price({ ...common, image_size: formatSize(enlarged), upscale: 2 }, { signal })
          // Of a picture that would become too large.
          .catch(() => undefined),
      ]);
      return { vary: vary.price, ...(upscale && { upscale: upscale.price }) };
    },
  );
  return quote ?? {};
}
