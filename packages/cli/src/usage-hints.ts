import { deviceNames, limits, samplerNames } from '@easel/contract/fields';

/**
 * Hints for people who type the options and commands of other tools: AUTOMATIC1111, ComfyUI, InvokeAI, stable-diffusion.cpp,
 * diffusers' scripts, mflux, Ollama. Names are written without their hyphens, in lower case, with `_` as `-`.
 */

const { samples: pictures, steps: range } = limits;
const samples = `--samples N makes ${pictures.min} to ${pictures.max} pictures; --each-line makes pictures of many prompts`;
const sampler = `--scheduler NAME chooses the sampler: ${samplerNames.join(' or ')}`;
const guidance = '--guidance-scale X is how closely the prompt is followed';
const negative = '--negative-prompt TEXT is what not to draw';
const steps = `--steps N is the number of steps, ${range.min} to ${range.max}`;
const sides = '--width PX and --height PX, or --size WxH';
const shape = '--size WxH is the size and shape of the picture, such as --size 1024x768';
const prompt = 'the prompt is the argument, in quotes: easel generate "a red apple"';
const start = '--image FILE is the start image';
const output = '-o, --output FILE or FOLDER/ is where the pictures go';
const model = '-m, --model NAME or PATH is the model';
const precision = '--profile exact, int8 or fast chooses how it computes; --variant fp16 or fp32 chooses the weights';
const device = `--device NAME chooses what it runs on: ${['auto', ...deviceNames].join(', ')}`;
const lora = 'use --lora NAME:WEIGHT, once for each';
const noAdapter = 'ControlNet, textual inversion and other adapters are not supported yet; LoRAs are: --lora';
const mask = '--mask FILE says what of --image FILE is repainted';
const upscale = '--upscale 2 or 4 enlarges the pictures; easel upscale FILE enlarges one that there is';
const key = 'a key is never given on the command line: set EASEL_API_KEY, or give --api-key-file FILE';

const options: ReadonlyMap<string, string> = new Map(
  Object.entries({
    prompt,
    p: prompt,
    text: prompt,
    positive: prompt,
    'positive-prompt': prompt,
    cfg: guidance,
    'cfg-scale': guidance,
    guidance,
    scale: guidance,
    c: guidance,
    sampler,
    'sampler-name': sampler,
    'sampling-method': sampler,
    'sample-method': sampler,
    negative,
    neg: negative,
    'neg-prompt': negative,
    uncond: negative,
    n: samples,
    num: samples,
    count: samples,
    batch: samples,
    'batch-size': samples,
    'batch-count': samples,
    'n-iter': samples,
    'n-samples': samples,
    'num-images': samples,
    'num-samples': samples,
    'num-images-per-prompt': samples,
    s: `${steps}; --seed N fixes the picture`,
    'num-inference-steps': steps,
    'num-steps': steps,
    'sampling-steps': steps,
    'sample-steps': steps,
    'ddim-steps': steps,
    iterations: steps,
    w: sides,
    h: sides,
    'img-width': sides,
    'img-height': sides,
    resolution: shape,
    aspect: shape,
    ar: shape,
    'aspect-ratio': shape,
    i: start,
    input: start,
    img: start,
    'init-img': start,
    'init-image': start,
    'image-path': start,
    img2img: start,
    'start-image': start,
    denoise: '--strength X is how much --image is changed',
    'denoising-strength': '--strength X is how much --image is changed',
    'image-strength': '--strength X is how much --image is changed',
    out: output,
    outdir: output,
    'out-dir': output,
    'output-dir': output,
    'output-path': output,
    save: output,
    ckpt: model,
    checkpoint: model,
    'model-path': model,
    'diffusion-model': model,
    vae: 'the VAE comes with the model; a separate one is not supported',
    dtype: precision,
    precision,
    fp16: precision,
    fp32: precision,
    device,
    gpu: device,
    cuda: device,
    cpu: device,
    t: '--threads N chooses how many threads are used',
    loras: lora,
    'lora-paths': lora,
    'lora-model-dir': 'put the files into the folder EASEL_LORAS_DIR; use --lora NAME:WEIGHT',
    controlnet: noAdapter,
    'control-net': noAdapter,
    'control-image': noAdapter,
    embeddings: noAdapter,
    'embd-dir': noAdapter,
    'mask-image': mask,
    'mask-img': mask,
    inpaint: mask,
    'padding-mask-crop': '--mask-padding PX paints only the mask and so much around it',
    outpainting: '--outpaint LEFT,RIGHT,TOP,BOTTOM extends --image FILE',
    extend: '--outpaint LEFT,RIGHT,TOP,BOTTOM extends --image FILE',
    hires: upscale,
    'hires-fix': upscale,
    'enable-hr': upscale,
    'hr-scale': upscale,
    'upscale-model': '--upscaler FILE is the network that --upscale uses',
    'upscale-factor': upscale,
    'api-key': key,
    key,
    'x-api-key': key,
    v: 'easel --version prints the version',
    verbose: 'EASEL_DEBUG=1 shows what the engine does',
    y: '--overwrite replaces files that exist',
    force: '--overwrite replaces files that exist',
    f: '--overwrite replaces files that exist; --format chooses png, jpeg or webp',
  }),
);

const generate = 'to make a picture: easel generate "a red apple"';
const inspect = 'easel model inspect NAME or PATH shows a model; models in the models folder are found by their name';
const pull = 'to download a model: easel pull NAME; easel list --available shows the names';
const list = 'to see the models of this machine: easel list';

const commands: ReadonlyMap<string, string> = new Map(
  Object.entries({
    run: generate,
    draw: generate,
    txt2img: generate,
    img2img: generate,
    text2img: generate,
    image: generate,
    create: generate,
    imagine: generate,
    enlarge: 'to enlarge a picture: easel upscale FILE',
    prompt: generate,
    start: 'to run the image API and the page: easel serve',
    server: 'to run the image API and the page: easel serve',
    web: 'to run the image API and the page: easel serve',
    webui: 'to run the image API and the page: easel serve',
    ui: 'to run the image API and the page: easel serve',
    ls: list,
    models: list,
    info: inspect,
    inspect,
    download: pull,
    get: pull,
    install: pull,
    rm: 'to delete a pulled model: easel remove NAME',
    delete: 'to delete a pulled model: easel remove NAME',
    uninstall: 'to delete a pulled model: easel remove NAME',
    ps: 'the page of a running server shows its jobs: easel serve',
    check: 'to check this machine: easel doctor',
    settings: 'to print the settings of the server: easel config',
  }),
);

/** What to say for an option that `easel generate` does not have, such as `--cfg` or `-W`; undefined when there is nothing to say. */
export function hintForOption(flag: string): string | undefined {
  const name = plainName(flag);
  // `-W512` is `-W` with its value.
  return options.get(name) ?? (/^-[^-]/.test(flag) ? options.get(name.slice(0, 1)) : undefined);
}

/** The same for a command. What has a space in it is a prompt. */
export function hintForCommand(name: string): string | undefined {
  return /\s/.test(name) ? generate : commands.get(plainName(name));
}

/** `--cfg_scale=7`, `--cfgScale` and `--CFG-SCALE` are all `cfg-scale`. */
function plainName(text: string): string {
  return text
    .replace(/^-+/, '')
    .replace(/=.*$/s, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}
