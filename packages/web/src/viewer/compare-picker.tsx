import { useRuns } from '../runs/runs.tsx';
import { type Choice, type Compared, Comparison, comparedOf } from './compare-dialog.tsx';

export interface ComparePickerProps {
  readonly left: Choice;
  /** What is offered beside it. */
  readonly others: readonly Choice[];
  readonly onClose: () => void;
}

/** A picture beside another of those around it; first beside the one that it was made from, as far as this tab knows it. */
export function ComparePicker({ left, others, onClose }: ComparePickerProps) {
  const before = useStartImage(left);
  const offered = [...(before === undefined ? [] : [before]), ...others.map(comparedOf)];
  return <Comparison left={comparedOf(left)} others={offered} onClose={onClose} />;
}

/** The start image of image-to-image, upscaling or inpainting: the server does not keep it. */
function useStartImage({ job }: Choice): Compared | undefined {
  const source = useRuns().startImageOf(job);
  if (source === null) return undefined;
  return { id: 'start', title: 'Start image', source, thumbnail: source, facts: ['before'] };
}
