import { useEffect, useState } from 'react';
import { useRuns } from '../runs/runs.tsx';
import { type Choice, type Compared, Comparison, comparedOf } from './compare-dialog.tsx';

export interface ComparePickerProps {
  readonly left: Choice;
  /** What is offered beside it. */
  readonly others: readonly Choice[];
  readonly onClose: () => void;
}

/** A picture beside another of those around it; first beside the one that it was made from, as far as that is kept. */
export function ComparePicker({ left, others, onClose }: ComparePickerProps) {
  const { before, note, isChecking = false } = useStartImage(left);
  const offered = [...(before === undefined ? [] : [before]), ...others.map(comparedOf)];
  if (isChecking && others.length === 0) return null;
  return (
    <Comparison left={comparedOf(left)} others={offered} {...(note !== undefined && { note })} onClose={onClose} />
  );
}

/** The start image of image-to-image, upscaling or inpainting, or why it is not there. */
function useStartImage({ job }: Choice): {
  readonly before?: Compared;
  readonly note?: string;
  readonly isChecking?: boolean;
} {
  const source = useRuns().startImageOf(job);
  const state = useStateOf(source);
  if (job.strength === null) return {};
  if (source === null)
    return { note: 'The start image was a file, which the server does not keep: it cannot be shown.' };
  if (state === undefined) return { isChecking: true };
  if (state === 'deleted') return { note: 'The start image has been deleted.' };
  if (state === 'unreachable') return { note: 'The start image could not be loaded.' };
  return { before: { id: 'start', title: 'Start image', source, thumbnail: smallOf(source), facts: ['before'] } };
}

type PictureState = 'there' | 'deleted' | 'unreachable';

/** Whether a picture can be loaded, and if not, why; undefined until that is known. @param source null: there is none */
function useStateOf(source: string | null): PictureState | undefined {
  const [found, setFound] = useState<{ readonly source: string; readonly state: PictureState }>();
  useEffect(() => {
    if (source === null) return undefined;
    const image = new Image();
    const unmount = new AbortController();
    const tell = (state: PictureState) => unmount.signal.aborted || setFound({ source, state });
    image.onload = () => tell('there');
    // The event does not say what went wrong.
    image.onerror = () => void faultOf(source).then(tell);
    image.src = source;
    return () => unmount.abort();
  }, [source]);
  return found?.source === source ? found?.state : undefined;
}

async function faultOf(source: string): Promise<PictureState> {
  const status = await fetch(smallOf(source)).then(
    (reply) => reply.status,
    () => 0,
  );
  return status === 404 ? 'deleted' : 'unreachable';
}

/** Of a file there is no smaller version. */
function smallOf(source: string): string {
  return source.startsWith('/') ? `${source}?w=160` : source;
}
