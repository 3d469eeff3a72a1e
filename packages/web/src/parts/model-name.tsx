import { deviceTitles, type Job, type Model } from '@easel/contract';

/** Which model is in use, and on what. For the embedded one: why, and how to use another. */
export function ModelNote({ model }: { readonly model: Model }) {
  const { id, name, is_embedded: isEmbedded, defaults, notices } = model;
  const size = `${defaults.img_width}×${defaults.img_height}${onDevices(model)}`;
  if (!isEmbedded) {
    return (
      <small className="quiet">
        Model: {name}, {size}
        {notices.map((notice) => (
          <span key={notice}>. Note: {notice}</span>
        ))}
      </small>
    );
  }
  return (
    <details className="model-note">
      <summary>
        Model: <b>{name}</b> (small embedded model), {size}
      </summary>
      <p>
        This server was started without <code>--model</code>, so requests for <code>{id}</code> use the small model that
        ships with Easel. It draws simple, emoji-like pictures, to try everything before downloading a model. To use
        Playground v2.5, download its files and start the server with <code>./easel serve --model FOLDER</code>
      </p>
    </details>
  );
}

/** Where the model runs now; '' while no worker has loaded it. */
function onDevices({ devices }: Pick<Model, 'devices'>): string {
  const titles = [...new Set(devices.map(({ title }) => title))];
  return titles.length === 0 ? '' : `, on ${titles.join(' and ')}`;
}

/** What drew the pictures of a job; undefined until it has succeeded. */
export function deviceOf({ device, arithmetic }: Pick<Job, 'device' | 'arithmetic'>): string | undefined {
  if (device === null) return undefined;
  return arithmetic === undefined ? deviceTitles[device] : `${deviceTitles[device]}, ${arithmetic}`;
}

type NamedModel = Pick<Model, 'id' | 'name' | 'is_embedded'>;

/** The real name of a job's model: the one that ran it, or the one that will. */
export function modelNameOf(
  job: { readonly model: string; readonly drawn_by: string | null },
  models: readonly NamedModel[],
): string {
  return job.drawn_by ?? models.find(({ id }) => id === job.model)?.name ?? job.model;
}

/** The real name, marked if it is the embedded model. */
export function describeModelOf(job: Parameters<typeof modelNameOf>[0], models: readonly NamedModel[]): string {
  const name = modelNameOf(job, models);
  return models.some((model) => model.is_embedded && model.name === name) ? `${name} (small embedded model)` : name;
}
