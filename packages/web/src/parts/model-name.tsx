import type { Model } from '@easel/contract';

/** Which model answers here. Where it is the small one, also why, and how to get the real one. */
export function DrawnBy({ model }: { readonly model: Model }) {
  const { id, name, is_embedded: isEmbedded, defaults } = model;
  const size = `${defaults.img_width}×${defaults.img_height}`;
  if (!isEmbedded) {
    return (
      <small className="quiet">
        Model: {name}, {size}
      </small>
    );
  }
  return (
    <details className="drawn-by">
      <summary>
        Model: <b>{name}</b>, the small embedded model, {size}
      </summary>
      <p>
        This server was started without a model of its own, so the small one that comes with Easel answers to{' '}
        <code>{id}</code>. It draws simple pictures like emoji, to try everything before a download. For pictures of
        Playground v2.5, download its files and start the server with them: <code>./easel serve --model FOLDER</code>
      </p>
    </details>
  );
}

/** The models that a job's pictures may be called after. */
type Named = Pick<Model, 'id' | 'name' | 'is_embedded'>;

/** The real name of the model of a job: of the one that drew it, or that will. */
export function modelNameOf(
  job: { readonly model: string; readonly drawn_by: string | null },
  models: readonly Named[],
): string {
  return job.drawn_by ?? models.find(({ id }) => id === job.model)?.name ?? job.model;
}

/** The same with a word for the small one. */
export function modelFactOf(job: Parameters<typeof modelNameOf>[0], models: readonly Named[]): string {
  const name = modelNameOf(job, models);
  return models.some((model) => model.is_embedded && model.name === name) ? `${name}, the small embedded model` : name;
}
