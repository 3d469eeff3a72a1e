import type { InstalledModels, ModelPull } from '@easel/contract';
import { type FormEvent, useCallback, useId } from 'react';
import { bytes, duration } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Table } from '../parts/table.tsx';
import { Section, useAdmin, useAdminAccess } from './admin.tsx';

/** Often enough for a progress bar. */
const INTERVAL_MS = 1000;

/** The models on the server's disk, and downloads of more. */
export function DownloadsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      ...(await client.admin.models({ signal })),
      pulls: (await client.admin.modelPulls({ signal })).pulls,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask, INTERVAL_MS);
  const start = (name: string, acceptLicense: boolean) =>
    client.admin.pullModel({ name, ...(acceptLicense && { accept_license: true }) });
  return (
    <Section label="Models on this server" problem={problem}>
      <Table
        columns={['Name', 'Repository', { title: 'Size', isNumber: true }, 'Status', 'Remove']}
        caption="Models on disk"
      >
        {reply?.installed.map((model) => (
          <InstalledRow
            key={`${model.repo} ${model.commit} ${model.name}`}
            model={model}
            isBusy={isBusy}
            onRemove={() => void act(() => client.admin.removeModel(model.name))}
          />
        ))}
      </Table>
      {reply?.installed.length === 0 && <p className="quiet">No model has been downloaded yet.</p>}
      <PullForm
        available={reply?.available ?? []}
        isBusy={isBusy}
        onStart={(name, done) => void act(() => start(name, false).then(done))}
      />
      {reply !== undefined && reply.pulls.length > 0 && (
        <Table columns={['Download', 'Progress', 'Action']} caption="Downloads">
          {reply.pulls.map((pull) => (
            <PullRow
              key={pull.id}
              pull={pull}
              isBusy={isBusy}
              onCancel={() => void act(() => client.admin.cancelModelPull(pull.id))}
              onStart={(accept) => void act(() => start(pull.name, accept))}
            />
          ))}
        </Table>
      )}
    </Section>
  );
}

interface PullFormProps {
  readonly available: InstalledModels['available'];
  readonly isBusy: boolean;
  /** @param done called once it has started */
  readonly onStart: (name: string, done: () => void) => void;
}

function PullForm({ available, isBusy, onStart }: PullFormProps) {
  const names = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (name !== '' && !isBusy) onStart(name, () => form.reset());
  };
  return (
    <form className="terms" onSubmit={submit}>
      <label className="field">
        Model to download
        <input name="name" list={names} maxLength={300} placeholder="sdxl-turbo or owner/repo" required />
        <datalist id={names}>
          {available.map(({ name, title, bytes: size }) => (
            <option key={name} value={name}>{`${title}, about ${bytes(size)}`}</option>
          ))}
        </datalist>
      </label>
      <button type="submit" disabled={isBusy}>
        Download
      </button>
    </form>
  );
}

interface InstalledRowProps {
  readonly model: InstalledModels['installed'][number];
  readonly isBusy: boolean;
  readonly onRemove: () => void;
}

function InstalledRow({ model, isBusy, onRemove }: InstalledRowProps) {
  const { name, repo, commit, bytes: size, complete, in_use: isInUse } = model;
  const status = complete ? 'complete' : 'not complete: download it again to go on';
  return (
    <tr>
      <td>{name}</td>
      <td>
        {repo} <small className="quiet">{commit.slice(0, 12)}</small>
      </td>
      <td className="number">{bytes(size)}</td>
      <td>{isInUse ? 'in use' : status}</td>
      <td>
        {!isInUse && (
          <ConfirmButton aria-label={`Remove ${name}`} question="Really remove?" disabled={isBusy} onConfirm={onRemove}>
            Remove
          </ConfirmButton>
        )}
      </td>
    </tr>
  );
}

interface PullRowProps {
  readonly pull: ModelPull;
  readonly isBusy: boolean;
  readonly onCancel: () => void;
  readonly onStart: (acceptLicense: boolean) => void;
}

function PullRow({ pull, isBusy, onCancel, onStart }: PullRowProps) {
  const { name, state, error } = pull;
  const needsLicence = error?.code === 'licence_not_accepted';
  return (
    <tr>
      <td>{name}</td>
      <td>
        <Progress pull={pull} />
      </td>
      <td>
        {state === 'running' && (
          <button type="button" disabled={isBusy} aria-label={`Cancel the download of ${name}`} onClick={onCancel}>
            Cancel
          </button>
        )}
        {(state === 'failed' || state === 'cancelled') && (
          <button type="button" disabled={isBusy} onClick={() => onStart(needsLicence)}>
            {needsLicence ? 'Accept the licence and download' : 'Continue'}
          </button>
        )}
      </td>
    </tr>
  );
}

function Progress({ pull }: { readonly pull: ModelPull }) {
  const { state, error, licence, received_bytes: received, total_bytes: total, waits_for_process: holder } = pull;
  if (error?.code === 'licence_not_accepted' && licence !== null) return <Licence {...licence} />;
  if (error !== null) {
    return (
      <>
        {error.message}
        <small className="quiet reason">{error.remedy}</small>
      </>
    );
  }
  if (state === 'succeeded') return `downloaded, ${bytes(received)}`;
  if (state === 'cancelled') return `cancelled after ${bytes(received)}`;
  if (holder !== null) return `waiting for process ${holder}, which downloads the same`;
  if (total === null) return 'asking the Hub…';
  return (
    <>
      <progress value={received} max={total} aria-label={`Download of ${pull.name}`} /> {speedText(pull, total)}
    </>
  );
}

function Licence({ name, link }: NonNullable<ModelPull['licence']>) {
  const title = name ?? 'none is named by the model card';
  return (
    <>
      Its licence must be accepted:{' '}
      {link === null ? (
        title
      ) : (
        <a href={link} target="_blank" rel="noreferrer">
          {title}
        </a>
      )}
    </>
  );
}

function speedText({ received_bytes: received, bytes_per_second: speed }: ModelPull, total: number): string {
  const size = `${bytes(received)} of ${bytes(total)}`;
  return speed === null || speed === 0
    ? size
    : `${size}, ${bytes(Math.round(speed))}/s, ${duration((total - received) / speed)} left`;
}
