import {
  applyStyle,
  fewStepsText,
  type GuidedField,
  idleFields,
  idleText,
  isGuided,
  type JobNote,
  wireName,
} from '@easel/contract';
import { foreignSyntax } from '@easel/parameters';
import type { JobRequest } from '../jobs/job.ts';
import type { ModelCard } from '../models/model-card.ts';
import type { HttpServices } from './services.ts';

/** Longer texts are cut where they are quoted. */
const MAX_QUOTED = 200;
/** More would make a message unreadable. */
const MAX_PIECES = 5;

/** A text that the model reads, and which of its encoders read it. */
interface ReadText {
  readonly field: 'prompt' | 'prompt_2' | 'negative_prompt';
  readonly text: string;
  readonly encoders: readonly (0 | 1)[];
}

/**
 * What a client may not expect of a request that is accepted: syntax of other tools that is read as plain text, the part of a prompt that the
 * model does not read, a profile that needs more steps, and what should be known of its LoRAs and the model.
 */
export async function notesOf(
  { tokenize }: Pick<HttpServices, 'tokenize'>,
  request: JobRequest,
  card: ModelCard,
): Promise<readonly JobNote[]> {
  const texts = textsOf(request, card);
  const cut = await Promise.all(texts.map((text) => truncationOf(tokenize, request, text)));
  const loras = (request.loras ?? []).flatMap(
    ({ name }) => card.loras.find((lora) => lora.name === name)?.notices ?? [],
  );
  return [
    ...cut.filter((note) => note !== undefined),
    ...plainText(request),
    ...idleFields(request, card.takesNegativePrompt).map((field) => idleNote(field, request, card)),
    ...fewSteps(request),
    ...loras.map((message) => ({ code: 'lora' as const, message })),
    ...card.notices.map((message) => ({ code: 'model' as const, message })),
  ];
}

/** With the style around them, as the model reads them. */
function textsOf(request: JobRequest, { takesNegativePrompt }: ModelCard): ReadText[] {
  const { prompt2, styleTexts } = request;
  const { prompt, negativePrompt } = styleTexts === undefined ? request : applyStyle(styleTexts, request);
  const hasSecond = prompt2 !== null && prompt2 !== prompt;
  return [
    { field: 'prompt', text: prompt, encoders: hasSecond ? [0] : [0, 1] },
    ...(hasSecond ? [{ field: 'prompt_2', text: prompt2, encoders: [1] } as const] : []),
    ...(negativePrompt !== null && isGuided(request, takesNegativePrompt)
      ? [{ field: 'negative_prompt', text: negativePrompt, encoders: [0, 1] } as const]
      : []),
  ];
}

async function truncationOf(
  tokenize: HttpServices['tokenize'],
  { model, promptWeighting, longPrompts }: JobRequest,
  { field, text, encoders }: ReadText,
): Promise<JobNote | undefined> {
  const read = await tokenize(model, text, { promptWeighting, longPrompts });
  const worst = encoders
    .flatMap((encoder) => read[encoder] ?? [])
    .reduce((one, other) => (other.truncated.length > one.truncated.length ? other : one));
  if (worst.truncated === '') return undefined;
  const help = longPrompts ? '' : '; long_prompts reads more';
  const message = `${field} is longer than the ${worst.limit} tokens that the model reads; the end was ignored: ${quoted(worst.truncated)}${help}`;
  return { code: 'truncated', field, text: worst.truncated, message };
}

/** One note for all of it. */
function plainText({ prompt, prompt2, negativePrompt, ...read }: JobRequest): JobNote[] {
  const found = [prompt, prompt2, negativePrompt].flatMap((text) => foreignSyntax(text ?? '', read));
  const pieces = [...new Set(found.map(({ text }) => text))];
  if (pieces.length === 0) return [];
  const kinds = new Set(found.map(({ what }) => what));
  const shown = pieces.slice(0, MAX_PIECES).map(quoted).join(', ');
  const more = pieces.length > MAX_PIECES ? ` and ${pieces.length - MAX_PIECES} more` : '';
  const options = [
    ...(!read.promptWeighting && (kinds.has('weight') || kinds.has('escape'))
      ? ['prompt_weighting reads weights']
      : []),
    ...(!read.longPrompts && kinds.has('BREAK') ? ['long_prompts reads BREAK'] : []),
    ...(!read.loraTags && kinds.has('LoRA') ? ['lora_tags reads LoRAs'] : []),
  ];
  const help = options.map((option) => `; ${option}`).join('');
  return [
    { code: 'plain_text', message: `prompt syntax of other tools was read as plain text: ${shown}${more}${help}` },
  ];
}

function fewSteps(request: JobRequest): JobNote[] {
  const message = fewStepsText(request);
  return message === undefined ? [] : [{ code: 'profile', field: 'profile', message }];
}

function idleNote(name: GuidedField, request: JobRequest, { slug: model, takesNegativePrompt }: ModelCard): JobNote {
  const nameOf = (field: string) => wireName(field, 'api');
  const message = idleText(name, request, { model, takesNegativePrompt }, nameOf);
  return { code: 'no_effect', field: nameOf(name), message };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

/** So many bytes of a reply's head are for the notes. */
const MAX_HEADER = 3000;

/** The messages as a list in JSON, in ASCII as headers are (RFC 9110, section 5.5); those that are too many are left out. */
export function notesHeader(notes: readonly JobNote[]): string {
  const inAscii = (message: string) =>
    JSON.stringify(message).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  let header = '';
  for (const { message } of notes) {
    const longer = header === '' ? inAscii(message) : `${header}, ${inAscii(message)}`;
    if (longer.length <= MAX_HEADER) header = longer;
  }
  return `[${header}]`;
}
