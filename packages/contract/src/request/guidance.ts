/** What only guidance by a second pass gives an effect: fields of a request. */
const guidedFields = ['negativePrompt', 'guidanceRescale'] as const;
export type GuidedField = (typeof guidedFields)[number];

interface GuidedRequest {
  readonly guidanceScale: number;
  readonly negativePrompt?: string | null | undefined;
  readonly guidanceRescale?: number | undefined;
}

/**
 * The fields that a request names although they have no effect: there is no second pass at a guidance scale of 1 or less, nor with a model
 * whose UNet takes the scale as an input.
 *
 * @param takesNegativePrompt of the model; false: its UNet takes the scale
 * @example
 * idleFields({ negativePrompt: 'snow', guidanceScale: 1 }, true); // ['negativePrompt']
 */
export function idleFields(request: GuidedRequest, takesNegativePrompt: boolean): readonly GuidedField[] {
  if (isGuided(request, takesNegativePrompt)) return [];
  return guidedFields.filter((name) => (request[name] ?? 0) !== 0);
}

/** Of what model, as requests name it. */
interface IdleOn {
  readonly model: string;
  readonly takesNegativePrompt: boolean;
}

/**
 * Why a field has no effect, in the words of a surface.
 *
 * @param nameOf what the surface calls a field
 * @example
 * idleText('negativePrompt', { guidanceScale: 1 }, { model: 'demo', takesNegativePrompt: true }, (name) => wireName(name, 'api'));
 */
export function idleText(
  name: GuidedField,
  { guidanceScale }: GuidedRequest,
  { model, takesNegativePrompt }: IdleOn,
  nameOf: (field: GuidedField | 'guidanceScale') => string,
): string {
  const [idle, scale] = [nameOf(name), nameOf('guidanceScale')];
  return takesNegativePrompt
    ? `${idle} has no effect with a ${scale} of ${guidanceScale}; use a value above 1`
    : `${idle} has no effect with the model ${model}, whose UNet takes ${scale} as an input`;
}

/** Whether each step has a second pass, for the negative prompt. */
export function isGuided({ guidanceScale }: GuidedRequest, takesNegativePrompt: boolean): boolean {
  return takesNegativePrompt && guidanceScale > 1;
}
