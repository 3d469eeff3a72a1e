import { Findings, type PictureSettings } from '../findings.ts';
import { isObject, type JsonObject, own } from '../json.ts';

/** InvokeAI's `invokeai_metadata`, from version 3. */
export function readInvokeai(value: JsonObject): PictureSettings {
  const findings = new Findings();
  const get = (name: string) => own(value, name);
  findings.text('prompt', get('positive_prompt'));
  findings.text('negativePrompt', get('negative_prompt'));
  // The second encoder of SDXL reads it; empty: it reads the prompt.
  findings.text('prompt2', get('positive_style_prompt') || undefined);
  findings.text('negativePrompt2', get('negative_style_prompt') || undefined);
  findings.number('steps', get('steps'));
  findings.seed(get('seed'));
  findings.number('guidanceScale', get('cfg_scale'));
  findings.number('guidanceRescale', get('cfg_rescale_multiplier') || undefined);
  findings.size(get('width'), get('height'));
  findings.sampler(get('scheduler'));
  findings.model(nameOf(get('model')));
  for (const lora of listOf(get('loras')))
    findings.lora(nameOf(own(lora, 'model') ?? own(lora, 'lora')), own(lora, 'weight'));
  for (const kind of ['controlnets', 't2iAdapters', 'ipAdapters'] as const) {
    for (const adapter of listOf(get(kind))) {
      const model = ['control_model', 't2i_adapter_model', 'ip_adapter_model'].map((name) => own(adapter, name));
      findings.leave(adapterNames[kind], nameOf(model.find((each) => each !== undefined)), 'not supported');
    }
  }
  if (get('init_image') || /img2img|inpaint|outpaint/.test(String(get('generation_mode') ?? ''))) findings.startImage();
  if (get('init_image')) findings.number('strength', get('strength'));
  leave(findings, value, { clip_skip: 'clip skip', refiner_model: 'refiner', vae: 'VAE' });
  if (get('hrf_enabled') === true) findings.leave('high-resolution fix', get('hrf_strength'), 'not supported');
  if (get('seamless_x') === true || get('seamless_y') === true) findings.leave('seamless tiling', '', 'not supported');
  return findings.done('invokeai');
}

const adapterNames = { controlnets: 'ControlNet', t2iAdapters: 'T2I adapter', ipAdapters: 'IP adapter' } as const;

/** SwarmUI's JSON under `parameters`, or in `UserComment`. */
export function readSwarmui(file: JsonObject): PictureSettings | null {
  const value = own(file, 'sui_image_params');
  if (!isObject(value)) return null;
  const findings = new Findings();
  const get = (name: string) => own(value, name);
  findings.text('prompt', get('prompt'));
  findings.text('negativePrompt', get('negativeprompt'));
  findings.number('steps', get('steps'));
  findings.seed(get('seed'));
  findings.number('guidanceScale', get('cfgscale'));
  if (get('variationseedstrength') !== 0) {
    findings.number('variationSeed', get('variationseed'));
    findings.number('variationStrength', get('variationseedstrength'));
  }
  findings.size(get('width'), get('height'));
  findings.sampler(get('sampler'), get('scheduler'));
  findings.model(get('model'));
  const weights = partsOf(get('loraweights'));
  for (const [index, name] of partsOf(get('loras')).entries()) findings.lora(name, weights[index]);
  if (get('initimage') !== undefined || get('initimagecreativity') !== undefined) {
    findings.startImage();
    findings.number('strength', get('initimagecreativity'));
  }
  const isRead =
    /^(prompt|negativeprompt|steps|seed|cfgscale|width|height|sampler|scheduler|model|loras|loraweights|initimage|initimagecreativity|variationseed|variationseedstrength)$/;
  const isFact =
    /^(aspectratio|images|swarm_version|date|generation_time|modelhash|original.*|resolution|automaticvae)$/;
  for (const [name, setting] of Object.entries(value)) {
    const asksNothing = setting === null || setting === '' || setting === false;
    if (!isRead.test(name) && !isFact.test(name) && !asksNothing) findings.leave(name, setting, 'not supported');
  }
  return findings.done('swarmui');
}

/** Fooocus' JSON (`metadata_scheme: fooocus`) under `parameters` or in `UserComment`, and that of its versions before 2.2. */
export function readFooocus(value: JsonObject): PictureSettings {
  const findings = new Findings();
  const get = (name: string, label: string) => own(value, name) ?? own(value, label);
  findings.text('prompt', get('prompt', 'Prompt'));
  findings.text('negativePrompt', get('negative_prompt', 'Negative Prompt'));
  findings.number('steps', get('steps', 'Steps'));
  findings.seed(get('seed', 'Seed'));
  findings.number('guidanceScale', get('guidance_scale', 'Guidance Scale'));
  const resolution = get('resolution', 'Resolution');
  const size = /^\W*(\d{1,6})\D{1,5}(\d{1,6})\W*$/.exec(String(resolution ?? ''));
  if (size === null && resolution !== undefined) findings.leave('size', resolution, 'not a size');
  else findings.size(size?.[1], size?.[2]);
  findings.sampler(get('sampler', 'Sampler'), get('scheduler', 'Scheduler'));
  findings.model(get('base_model', 'Base Model'));
  for (const lora of Array.isArray(own(value, 'loras')) ? listsOf(own(value, 'loras')) : [])
    findings.lora(lora[0], lora[1]);
  for (const [name, setting] of Object.entries(value)) {
    if (/^lora_combined_\d+$|^LoRA /.test(name)) findings.lora(setting);
  }
  const unsaid = ['', '[]', 'None', 'none', 'Default (model)', 'Default', 'False'];
  const others = {
    styles: 'styles',
    Styles: 'styles',
    performance: 'performance',
    Performance: 'performance',
    prompt_expansion: 'prompt expansion',
    'Fooocus V2 Expansion': 'prompt expansion',
    sharpness: 'sharpness',
    Sharpness: 'sharpness',
    adm_guidance: 'ADM guidance',
    'ADM Guidance': 'ADM guidance',
    refiner_model: 'refiner',
    'Refiner Model': 'refiner',
    adaptive_cfg: 'adaptive CFG',
    clip_skip: 'clip skip',
    freeu: 'FreeU',
    vae: 'VAE',
    inpaint_method: 'inpainting',
  };
  for (const [name, what] of Object.entries(others)) {
    const setting = own(value, name);
    if (setting !== undefined && !unsaid.includes(String(setting))) findings.leave(what, setting, 'not supported');
  }
  return findings.done('fooocus');
}

/** Those of the named entries that have a value, as left out. */
function leave(findings: Findings, value: JsonObject, names: Readonly<Record<string, string>>): void {
  for (const [name, what] of Object.entries(names)) {
    const setting = own(value, name);
    if (setting !== undefined && setting !== null && setting !== 0)
      findings.leave(what, isObject(setting) ? nameOf(setting) : setting, 'not supported');
  }
}

/** A model is an object with a name, or in older versions the name itself. */
function nameOf(model: unknown): unknown {
  if (!isObject(model)) return model;
  const name = own(model, 'name') ?? own(model, 'model_name');
  return name ?? nameOf(own(model, 'model') ?? undefined);
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function listsOf(value: unknown): (readonly unknown[])[] {
  return Array.isArray(value) ? value.filter((each) => Array.isArray(each)) : [];
}

function partsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' && value !== '' ? value.split(',').map((part) => part.trim()) : [];
}
