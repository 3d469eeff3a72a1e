import { pictureFields } from '@easel/contract/fields';
import { Findings, type PictureSettings } from '../findings.ts';
import { type ParsedParameters, parsedFields, parseParameters, readSettingNames } from '../parse-parameters.ts';

/** Facts about files and programs, which do not affect the picture. */
const facts =
  /^((model|vae|refiner|hypernet|lora|ti) (model )?hash(es)?|hashes|version|user|created date|civitai (resources|metadata)|app|pipeline|metadata scheme)$/i;

/** These texts can be taken literally, except that a strength may belong to a second pass, and that a server always decodes with the VAE. */
const plainFields = parsedFields.filter((name) => name !== 'strength' && name !== 'decoder');

/**
 * The text format that AUTOMATIC1111's web UI made common, from any tool: ours (`Version: Easel …`), Fooocus (`Version: Fooocus …`), and
 * all the others.
 */
export function readParametersText(text: string): PictureSettings {
  const parsed = parseParameters(text);
  const { other } = parsed;
  const isOurs = parsed.easelVersion !== undefined;
  const isFooocus = other.get('Version')?.startsWith('Fooocus') === true;
  const findings = new Findings();
  for (const name of plainFields) {
    if (name !== 'style' || isOurs) findings.field(name, parsed[name]);
    else if (parsed.style !== undefined) findings.leave('Style', parsed.style, 'not supported');
  }
  const { key, values } = pictureFields.decoder.parameter;
  if (parsed.decoder === 'tiny') findings.leave(key, values.tiny, 'not supported');
  findings.seed(parsed.seed?.toString());
  findings.size(parsed.width, parsed.height);
  if (parsed.loras !== undefined) findings.set({ loras: parsed.loras });
  readTexts(parsed, isFooocus, findings);
  if (isOurs) findings.set({ model: parsed.model ?? '' });
  else findings.model(parsed.model);
  const schedule = isFooocus ? 'Scheduler' : 'Schedule type';
  if (!isOurs) findings.sampler(other.get('Sampler'), other.get(schedule));
  const taken = isOurs ? [] : ['Sampler', schedule, ...(isFooocus ? ['Raw prompt', 'Raw negative prompt'] : [])];
  readStart(parsed, isOurs, findings);
  for (const [name, value] of other) {
    if (facts.test(name) || taken.includes(name) || (name === 'Clip skip' && value === '1')) continue;
    findings.leave(name, value, readSettingNames.has(name) && name !== 'RNG' ? 'not understood' : 'not supported');
  }
  return findings.done(isOurs ? 'easel' : isFooocus ? 'fooocus' : 'automatic1111');
}

function readTexts(parsed: ParsedParameters, isFooocus: boolean, findings: Findings): void {
  const { prompt, negativePrompt, other } = parsed;
  // Fooocus writes the prompt including its styles first, and the text as typed further down.
  findings.text('prompt', (isFooocus ? other.get('Raw prompt') : undefined) ?? prompt);
  const rawNegative = isFooocus ? other.get('Raw negative prompt') : undefined;
  findings.set({ negativePrompt: rawNegative ?? negativePrompt });
}

/** What the picture was made from, if not from its seed's noise alone. */
function readStart({ strength, seed, other }: ParsedParameters, isOurs: boolean, findings: Findings): void {
  if (isOurs && seed === null) findings.leave('start noise', '', 'it was given, and the file does not contain it');
  if (strength === undefined) return;
  if (!isOurs && [...other.keys()].some((name) => name.startsWith('Hires '))) {
    findings.leave('Denoising strength', String(strength), 'of a second pass, which is not supported');
    return;
  }
  findings.number('strength', strength);
  findings.startImage();
}
