import type { PassCounts, Spread } from '../../packages/engine/src/index.ts';
import type { Mode } from './modes.ts';

export interface Row {
  readonly mode: string;
  readonly options: Omit<Mode, 'name'>;
  /** Of a picture, as the mean. */
  readonly passes: PassCounts | undefined;
  /** The share that is left of the arithmetic of a picture, for SDXL's UNet at 1024×1024. */
  readonly arithmetic: number;
  readonly msSsim: Spread;
  readonly psnr: Spread;
  readonly ciede2000: Spread;
  /** Shares of the pictures: where the judge sees what it sees in the exact one, and where it sees the objects of the prompt. */
  readonly judge: { readonly sameAsExact: number; readonly objects: number; readonly objectsInExact: number };
  /** Of the picture with the lowest MS-SSIM. */
  readonly worstPrompt: string;
}

export function markdown(prompts: number, rows: readonly Row[]): string {
  const objects = rows[0]?.judge.objectsInExact ?? 0;
  return `# Quality of the modes

The embedded model, ${prompts} prompts with a seed each, 25 steps at 256×256, against \`exact\`: the median of the pictures, and in brackets the worst.
In the exact pictures the judge sees the objects of the prompt in ${percent(objects)}. Made by \`npm run bench:quality -- --save\`.

| mode | SDXL's arithmetic | MS-SSIM | PSNR, dB | CIEDE2000 | judge: same as in exact | judge: objects |
|---|---|---|---|---|---|---|
${rows.map((row) => `${tableRow(row)}\n`).join('')}`;
}

export function tableRow({ mode, arithmetic, judge, ...measures }: Row): string {
  const cells = [
    mode,
    percent(arithmetic),
    spread(measures.msSsim, 4),
    spread(measures.psnr, 1),
    spread(measures.ciede2000, 2),
    percent(judge.sameAsExact),
    percent(judge.objects),
  ];
  return `| ${cells.join(' | ')} |`;
}

function spread({ median, worst }: Spread, digits: number): string {
  return `${median?.toFixed(digits) ?? '∞'} (${worst?.toFixed(digits) ?? '∞'})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
