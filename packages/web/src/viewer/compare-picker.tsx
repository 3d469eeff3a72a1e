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
  const isKept = useIsThere(source);
  if (job.strength === null) return {};
  if (source === null)
    return { note: 'The start image was a file, which the server does not keep: it cannot be shown.' };
  if (isKept === false) return { note: 'The start image is no longer kept: it cannot be shown.' };
  if (isKept === undefined) return { isChecking: true };
  return { before: { id: 'start', title: 'Start image', source, thumbnail: smallOf(source), facts: ['before'] } };
}

/** Whether a picture can be loaded; undefined until that is known. @param source null: there is none */
function useIsThere(source: string | null): boolean | undefined {
  const [found, setFound] = useState<{ readonly source: string; readonly isThere: boolean }>();
  useEffect(() => {
    if (source === null) return undefined;
    const image = new Image();
    image.onload = () => setFound({ source, isThere: true });
    image.onerror = () => setFound({ source, isThere: false });
    image.src = source;
    return () => {
      image.onload = null;
      image.onerror = null;
    };
  }, [source]);
  return found?.source === source ? found?.isThere : undefined;
}

/** Of a file there is no smaller version. */
function smallOf(source: string): string {
  return source.startsWith('/') ? `${source}?w=160` : source;
}
