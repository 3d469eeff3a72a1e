import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinBytes, latin1Bytes } from './bytes.ts';
import { exifBlock } from './exif.ts';
import { insertJpegExif } from './jpeg.ts';
import { copyParameters, readParameters, writeParameters } from './picture-file.ts';
import { insertPngText } from './png.ts';
import { readSettings } from './read-settings.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url)));
/** A PNG of one pixel, without texts. */
const png = Uint8Array.from(
  Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', 'base64'),
);
const jpegStart = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);

const of = (keyword: string, text: unknown) =>
  readSettings(insertPngText(png, keyword, typeof text === 'string' ? text : JSON.stringify(text)));
const namesOf = (keyword: string, text: unknown) =>
  of(keyword, text)?.leftOut.map(({ what, value }) => `${what} ${value}`.trim());

describe('AUTOMATIC1111', () => {
  test('what has a counterpart is read, and everything else is named', () => {
    const text =
      '(a lighthouse:1.2), <lora:add_detail:0.8> BREAK at night\nNegative prompt: ((blurry))\n' +
      'Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234, Size: 512x768, Model hash: abc, Model: sdxl_base, ' +
      'Variation seed: 1234, Variation seed strength: 0.15, Denoising strength: 0.5, Clip skip: 2, Hires upscale: 2, Hires upscaler: Latent, Version: v1.6.0';
    expect(of('parameters', text)).toMatchObject({
      source: 'automatic1111',
      settings: {
        prompt: '(a lighthouse:1.2), <lora:add_detail:0.8> BREAK at night',
        negativePrompt: '((blurry))',
        steps: 20,
        scheduler: 'edm_dpmpp_2m',
        sigmaSchedule: 'karras',
        guidanceScale: 7,
        seed: 1234n,
        variationSeed: 1234,
        variationStrength: 0.15,
        width: 512,
        height: 768,
        model: 'sdxl_base',
      },
    });
    expect(namesOf('parameters', text)).toEqual([
      'Denoising strength 0.5',
      'Clip skip 2',
      'Hires upscale 2',
      'Hires upscaler Latent',
      'weight (a lighthouse:1.2)',
      'LoRA <lora:add_detail:0.8>',
      'keyword BREAK',
      'weight ((blurry))',
    ]);
  });

  test.each(['Euler SMEA', 'DPM++ 2M SDE', 'DPM++ 2M SDE Karras', 'PLMS', 'toString', '__proto__'])(
    '%s is none of our samplers',
    (sampler) => {
      const found = of('parameters', `x\nSteps: 20, Sampler: ${sampler}, CFG scale: 7, Seed: 1`);
      expect(found?.settings.scheduler).toBeUndefined();
      expect(found?.leftOut).toEqual([
        {
          what: 'sampler',
          value: sampler,
          why: 'only DPM++ 2M, Euler, Euler a, Heun, DDIM, UniPC, LCM and TCD are available',
        },
      ]);
    },
  );

  test('a picture made from another says that the other is missing', () => {
    const found = of('parameters', 'x\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Denoising strength: 0.4');
    expect(found).toMatchObject({ settings: { strength: 0.4, scheduler: 'edm_euler' } });
    expect(found?.leftOut).toEqual([{ what: 'start image', value: '', why: 'the file does not contain it' }]);
  });

  test('values that make no sense are named', () => {
    expect(namesOf('parameters', 'x\nSteps: many, CFG scale: -1, Seed: -3, Size: 5, Schedule type: Simple')).toEqual([
      'guidance -1',
      'seed -3',
      'schedule Simple',
      'Steps many',
      'Size 5',
    ]);
  });

  test('parameters in one line, and lines of extensions below, lose no word', () => {
    expect(readSettings(fixture('single-line-parameters.png'))).toEqual({
      source: 'automatic1111',
      settings: {
        prompt: 'a wooden boat.',
        negativePrompt: 'fog.',
        steps: 20,
        scheduler: 'edm_euler',
        guidanceScale: 7,
        seed: 1234n,
        width: 256,
        height: 256,
      },
      leftOut: [],
    });
    expect(of('parameters', 'a cat\nSteps: 20, Sampler: Euler, Seed: 1\r\nTemplate: a {cat|dog}')).toMatchObject({
      settings: { prompt: 'a cat', seed: 1n },
      leftOut: [{ what: 'Further lines', value: 'Template: a {cat|dog}' }],
    });
  });

  test('a text without settings is a prompt only where web UIs keep theirs', () => {
    expect(of('parameters', 'just a prompt')?.settings).toEqual({ prompt: 'just a prompt', negativePrompt: null });
    for (const text of ['OLYMPUS DIGITAL CAMERA', 'Screenshot', '   ', 'filter: 0, mask: 1, mode: auto, light: 3'])
      expect(readSettings(insertJpegExif(jpegStart, exifBlock(text, 'camera')))).toBeNull();
    expect(of('Comment', 'Created with GIMP')).toBeNull();
  });

  test('a prompt in braces is no JSON, and UTF-8 in a Latin-1 chunk is read as what it is', () => {
    expect(of('parameters', '{red|green} apple\nSteps: 20, Sampler: Euler, Seed: 1')?.settings.prompt).toBe(
      '{red|green} apple',
    );
    const latin1 = Buffer.from('café, 東京\nSteps: 20, Sampler: Euler, Seed: 1').toString('latin1');
    const raw = insertPngText(png, 'parameters', latin1.replace(/[\u0080-\u009f]/g, '\u00a0'));
    expect(readSettings(raw)?.source).toBe('automatic1111');
    expect(
      of('parameters', Buffer.from('é\nSteps: 20, Sampler: Euler, Seed: 1').toString('latin1'))?.settings.prompt,
    ).toBe('é');
  });
});

describe('Easel', () => {
  test('its own file says everything, and asks for nothing that there is not', () => {
    expect(readSettings(fixture('easel-own-extra-settings.png'))).toEqual({
      source: 'easel',
      settings: {
        prompt: 'a fox',
        negativePrompt: '',
        prompt2: 'flat colours',
        steps: 20,
        scheduler: 'edm_dpmpp_2m',
        sigmaSchedule: 'exponential',
        guidanceScale: 3,
        guidanceRescale: 0.7,
        seed: 7n,
        width: 64,
        height: 64,
        model: 'easel-demo',
        profile: 'exact',
      },
      leftOut: [],
    });
    expect(readSettings(fixture('easel-own-picture.jpg'))).toMatchObject({ source: 'easel', leftOut: [] });
  });

  const own = { steps: 5, scheduler: 'edm_euler', guidanceScale: 3, width: 64, height: 64, model: 'm' } as const;

  test('a picture of the tiny decoder says so, as AUTOMATIC1111 writes it, and a server has none', () => {
    const file = writeParameters(png, { ...own, prompt: 'x', seed: 1n, decoder: 'tiny', easelVersion: '1' });
    const decoder = { what: 'VAE Decoder', value: 'TAESD', why: 'not supported' };
    expect(readSettings(file)?.leftOut).toEqual([decoder]);
    const theirs = 'a cat\nSteps: 20, Sampler: Euler, Seed: 1, VAE Decoder: TAESD, Version: v1.10.1';
    expect(of('parameters', theirs)?.leftOut).toEqual([decoder]);
    const unknown = of('parameters', theirs.replace('TAESD', 'Approx NN'));
    expect(unknown?.leftOut).toEqual([{ ...decoder, value: 'Approx NN', why: 'not understood' }]);
  });

  test('image-to-image and given latents are named, for the file does not have them', () => {
    const file = writeParameters(png, { ...own, prompt: 'x', seed: null, strength: 0.4, easelVersion: '1' });
    expect(readSettings(file)?.leftOut.map(({ what }) => what)).toEqual(['start noise', 'start image']);
  });

  test('what looks like another form in a prompt of ours stays a prompt', () => {
    const own = {
      steps: 5,
      scheduler: 'edm_euler',
      guidanceScale: 3,
      width: 64,
      height: 64,
      model: 'm',
      seed: 1n,
    } as const;
    for (const prompt of [
      '{"sui_image_params": {"prompt": "a"}}',
      'Steps: 1',
      'a\nNegative prompt: b\nSteps: 1, Sampler: Euler a, Seed: 3',
      'Ã© caf\u00e9',
      '(x:1.2) <lora:y:1>',
    ]) {
      const found = readSettings(writeParameters(png, { ...own, prompt, easelVersion: '1' }));
      expect(found).toMatchObject({ source: 'easel', settings: { prompt, negativePrompt: null }, leftOut: [] });
    }
  });
});

describe('other tools', () => {
  test('InvokeAI', () => {
    const metadata = {
      positive_prompt: 'a (lighthouse)++',
      negative_prompt: 'fog',
      positive_style_prompt: 'oil',
      width: 1024,
      height: 768,
      seed: 356120443,
      cfg_scale: 7.5,
      cfg_rescale_multiplier: 0.5,
      steps: 50,
      scheduler: 'euler_a',
      clip_skip: 2,
      model: { name: 'playground-v2.5', hash: 'x' },
      loras: [{ model: { name: 'oil' }, weight: 0.75 }],
      controlnets: [{ control_model: { name: 'canny' } }],
    };
    expect(of('invokeai_metadata', metadata)).toMatchObject({
      source: 'invokeai',
      settings: {
        prompt: 'a (lighthouse)++',
        negativePrompt: 'fog',
        prompt2: 'oil',
        steps: 50,
        seed: 356120443n,
        guidanceScale: 7.5,
        guidanceRescale: 0.5,
        width: 1024,
        height: 768,
        model: 'playground-v2.5',
      },
    });
    expect(namesOf('invokeai_metadata', metadata)).toEqual([
      'sampler euler_a',
      'LoRA oil (0.75)',
      'ControlNet canny',
      'clip skip 2',
      'weight (lighthouse)++',
    ]);
    const wrong = { positive_prompt: { x: 1 }, steps: [20], seed: 1.5, model: null };
    expect(of('invokeai_metadata', wrong)?.settings).toEqual({});
    expect(namesOf('invokeai_metadata', wrong)).toEqual(['prompt {"x":1}', 'steps [20]', 'seed 1.5', 'prompt']);
  });

  test('SwarmUI', () => {
    expect(readSettings(fixture('swarmui-parameters-json.png'))).toEqual({
      source: 'swarmui',
      settings: {
        prompt: 'a wooden boat',
        negativePrompt: 'fog',
        steps: 20,
        seed: 1234n,
        guidanceScale: 7,
        width: 256,
        height: 256,
        model: 'base',
      },
      leftOut: [],
    });
    const params = {
      prompt: 'x',
      loras: ['folder/oil'],
      loraweights: ['0.8'],
      sampler: 'dpmpp_2m',
      scheduler: 'karras',
      refinerupscale: 2,
      images: 1,
    };
    expect(of('parameters', { sui_image_params: params })?.settings).toMatchObject({
      scheduler: 'edm_dpmpp_2m',
      sigmaSchedule: 'karras',
    });
    expect(namesOf('parameters', { sui_image_params: params })).toEqual(['LoRA folder/oil (0.8)', 'refinerupscale 2']);
  });

  test('Fooocus, in both of its forms', () => {
    const json = {
      metadata_scheme: 'fooocus',
      prompt: 'a castle',
      negative_prompt: '',
      full_prompt: ['cinematic a castle'],
      styles: "['Fooocus V2', 'Fooocus Enhance']",
      performance: 'Speed',
      steps: 30,
      resolution: '(1152, 896)',
      guidance_scale: 4,
      sharpness: 2,
      base_model: 'juggernautXL',
      refiner_model: 'None',
      loras: [['offset.safetensors', 0.1, 'abc']],
      sampler: 'dpmpp_2m_sde_gpu',
      scheduler: 'karras',
      seed: '8193748201',
      version: 'Fooocus v2.5.3',
    };
    const settings = {
      prompt: 'a castle',
      steps: 30,
      seed: 8193748201n,
      guidanceScale: 4,
      width: 1152,
      height: 896,
      model: 'juggernautXL',
    };
    expect(of('parameters', json)).toMatchObject({
      source: 'fooocus',
      settings: { ...settings, sigmaSchedule: 'karras' },
    });
    expect(namesOf('parameters', json)).toEqual([
      'sampler dpmpp_2m_sde_gpu',
      'LoRA offset.safetensors (0.1)',
      "styles ['Fooocus V2', 'Fooocus Enhance']",
      'performance Speed',
      'sharpness 2',
    ]);
    const text =
      'cinematic a castle\nNegative prompt: ugly\nSteps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 8193748201, Size: 1152x896, CFG scale: 4, ' +
      `Sharpness: 2, ADM Guidance: "(1.5, 0.8, 0.3)", Model: juggernautXL, Performance: Speed, Scheduler: karras, Raw prompt: a castle, Raw negative prompt: ugly, Version: Fooocus v2.5.3`;
    expect(of('parameters', text)).toMatchObject({
      source: 'fooocus',
      settings: { ...settings, sigmaSchedule: 'karras' },
    });
    expect(namesOf('parameters', text)).toEqual([
      'sampler DPM++ 2M SDE Karras',
      'Sharpness 2',
      'ADM Guidance (1.5, 0.8, 0.3)',
      'Performance Speed',
    ]);
  });

  test.each([
    ['an object', { prompt: 'a cat', foo: 1 }],
    ['a list', ['a cat']],
    ['damaged JSON', '{"sui_image_params": {"prompt": "a cat"'],
    ['NovelAI', { prompt: 'a cat', uc: 'fog', steps: 28, scale: 5 }],
  ])('JSON that is not known is never a prompt: %s', (_, json) => {
    const found = of('parameters', json);
    expect(found).toMatchObject({ source: 'unknown', settings: {} });
    expect(found?.settings.prompt).toBeUndefined();
  });

  test('a file that says it twice is read where it says more', () => {
    const twice = insertPngText(
      insertPngText(png, 'parameters', '{"tool": 1}'),
      'invokeai_metadata',
      '{"positive_prompt": "x"}',
    );
    expect(readSettings(twice)).toMatchObject({ source: 'invokeai', settings: { prompt: 'x' } });
  });
});

describe('places', () => {
  const text = 'une café 東京\nNegative prompt: fog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x64';

  test('UTF-8 behind the mark of UTF-16, as EXIF 3.0 has it', () => {
    const found = readSettings(fixture('jpeg-usercomment-unicode-marker-utf8.jpg'));
    expect(found?.settings).toMatchObject({ prompt: '一只猫 🐱, café', negativePrompt: 'blurry', seed: 42n });
  });

  const xmp = (body: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description ${body}</rdf:RDF></x:xmpmeta>`;
  const escaped = text.replaceAll('\n', '&#10;');
  test.each([
    ['an attribute', xmp(`exif:UserComment="${escaped}"/>`)],
    [
      'a list of languages',
      xmp(
        `><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">${escaped}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description>`,
      ),
    ],
    [
      'a description',
      xmp(
        `><dc:description><rdf:Alt><rdf:li xml:lang="x-default"><![CDATA[${text}]]></rdf:li></rdf:Alt></dc:description></rdf:Description>`,
      ),
    ],
  ])('XMP in %s, of PNG and JPEG', (_, packet) => {
    const bytes = new TextEncoder().encode(packet);
    const segment = joinBytes(latin1Bytes('http://ns.adobe.com/xap/1.0/\0'), bytes);
    const length = Uint8Array.of((segment.length + 2) >> 8, (segment.length + 2) & 255);
    const jpeg = joinBytes(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1), length, segment, Uint8Array.of(0xff, 0xd9));
    for (const file of [jpeg, insertPngText(png, 'XML:com.adobe.xmp', packet)])
      expect(readSettings(file)?.settings).toMatchObject({ prompt: 'une café 東京', seed: 42n });
  });

  test('a comment of JPEG', () => {
    const bytes = new TextEncoder().encode(text);
    const file = joinBytes(
      Uint8Array.of(0xff, 0xd8, 0xff, 0xfe, 0, bytes.length + 2),
      bytes,
      Uint8Array.of(0xff, 0xd9),
    );
    expect(readSettings(file)?.settings.prompt).toBe('une café 東京');
  });

  test('other files say nothing', () => {
    expect(readSettings(new Uint8Array())).toBeNull();
    expect(readSettings(png)).toBeNull();
    expect(readParameters(latin1Bytes('GIF89a'))).toBeUndefined();
    expect(() => copyParameters(insertPngText(png, 'parameters', text), latin1Bytes('GIF89a'))).not.toThrow();
  });
});

test('no file makes it throw or hang: cut, damaged, or random behind a signature', () => {
  const files = [
    ...['comfyui-controlnet-between-text-and-sampler.png', 'swarmui-parameters-json.png', 'easel-own-picture.jpg'].map(
      fixture,
    ),
    insertPngText(png, 'parameters', 'café 東京\nSteps: 20, Sampler: Euler, Seed: 1'),
    fixture('jpeg-usercomment-unicode-marker-utf8.jpg').subarray(0, 400),
  ];
  for (const file of files) for (let end = 0; end < file.length; end += 7) readSettings(file.subarray(0, end));
  const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...files), damage, (file, bytes) => {
      const damaged = file.slice();
      for (const [at, byte] of bytes) damaged[at % damaged.length] = byte;
      readSettings(damaged);
    }),
    { numRuns: 1000 },
  );
  const json: fc.Arbitrary<string> = fc.json({ maxDepth: 5 });
  const words = fc.array(fc.constantFrom('Steps: 20, ', 'Negative prompt: ', '\n', '"', '{', 'Seed: ', ':', ','), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      fc.constantFrom('parameters', 'prompt', 'workflow', 'invokeai_metadata', 'Comment'),
      fc.oneof(
        json,
        words.map((all) => all.join('')),
      ),
      (keyword, text) => {
        of(keyword, text);
      },
    ),
    { numRuns: 1000 },
  );
});
