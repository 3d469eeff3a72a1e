import type { Size } from '@easel/contract';
import type { Box } from '../settings/frame.ts';

export interface OutsideProps {
  /** Where the picture lies on the canvas. */
  readonly kept: Box;
  readonly canvas: Size;
}

/** Marks what is around the picture, which the model paints. */
export function Outside({ kept, canvas }: OutsideProps) {
  const across = (pixels: number) => `${Math.min(100, Math.max(0, (100 * pixels) / canvas.width))}%`;
  const down = (pixels: number) => `${Math.min(100, Math.max(0, (100 * pixels) / canvas.height))}%`;
  const [left, top] = [across(kept.x), down(kept.y)];
  const right = across(canvas.width - kept.x - kept.width);
  const bottom = down(canvas.height - kept.y - kept.height);
  const parts = [
    { name: 'top', style: { inset: '0 0 auto 0', height: top } },
    { name: 'bottom', style: { inset: 'auto 0 0 0', height: bottom } },
    { name: 'left', style: { top, bottom, left: 0, width: left } },
    { name: 'right', style: { top, bottom, right: 0, width: right } },
  ];
  return parts.map(({ name, style }) => <span key={name} className="outside" style={style} />);
}
