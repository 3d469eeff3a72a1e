import { EaselError } from '@easel/client';
import type { Job, JobCreate } from '@easel/contract';
import { useCallback, useEffect, useState } from 'react';
import { LoadError } from '../parts/notices.tsx';
import { addressOf, addressOfPicture, go } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { setPendingSettings } from '../settings/initial-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { PictureViewer } from './picture-viewer.tsx';
import { SharedPicture } from './shared-picture.tsx';

/** The address of one picture, opened by itself: its owner can do everything, other accounts can look at it. */
export function PicturePage({ name }: { readonly name: string }) {
  const { client } = useSession();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      try {
        return await client.images.job(name, { signal });
      } catch (error) {
        if (error instanceof EaselError && (error.status === 404 || error.status === 403)) return null;
        throw error;
      }
    },
    [client, name],
  );
  const { reply, problem, retry } = useLoaded(ask);
  if (reply === null) return <SharedPicture name={name} />;
  if (reply !== undefined) return <OwnPicture job={reply} name={name} />;
  if (problem !== undefined) return <LoadError problem={problem} retry={retry} />;
  return <p className="quiet centred">Loading…</p>;
}

function OwnPicture({ job, name }: { readonly job: Job; readonly name: string }) {
  const { start } = useRuns();
  const [current, setCurrent] = useState(job);
  useEffect(() => {
    document.title = `${job.prompt ?? 'Picture'} · Easel`;
  }, [job]);
  const use = (settings: Partial<Settings>) => {
    setPendingSettings(settings);
    go(addressOf('playground'));
  };
  const make = (request: JobCreate) => {
    start(request);
    go(addressOf('playground'));
  };
  return (
    <PictureViewer
      isPage
      pictures={current.images.map((image) => ({ job: current, image }))}
      shown={name}
      onShow={({ image }) => go(addressOfPicture(image.id), { replace: true })}
      onClose={() => go(addressOf('gallery'))}
      onUse={use}
      onMake={make}
      onChange={setCurrent}
    />
  );
}
