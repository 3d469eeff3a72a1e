import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { headers, microToNumber, modelSchema } from '@easel/contract';
import { decodeImage } from '@easel/engine';
import { readParameters } from '@easel/parameters';
import sharp from 'sharp';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { familyFolder, sdxlScheduler } from '../../../engine/test/family-folder.ts';
import { fixturePath } from '../../../engine/test/fixtures.ts';
import { writeSafetensors } from '../../../engine/test/safetensors-files.ts';
import { loraSources } from '../../src/models/served-loras.ts';
import { type Customer, slug, useHttp } from './http-server.ts';

const size = { sample_size: 8 };
const sdxl = { scheduler: sdxlScheduler('EulerDiscreteScheduler'), unetConfig: size };

/** SDXL's own networks under several names: as they are, and as what the settings say they are. */
const http = useHttp({
  rates: { lightning: { perImage: '0.001' } },
  moreModels: async (folder) => {
    const model = await familyFolder(sdxl, folder);
    const plain = await familyFolder({ ...sdxl, name: 'plain' }, folder);
    const guided = await familyFolder({ ...sdxl, unet: 'guided', name: 'guided' }, folder);
    await mkdir(join(folder, 'loras'));
    for (const name of ['ink', 'oil_lcm'])
      await copyFile(fixturePath('loras/peft.safetensors'), join(folder, `loras/${name}.safetensors`));
    const layer = 'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_k';
    const pair = { down: [2, 16], up: [16, 2] };
    const tensors = Object.entries(pair).map(([end, shape]) => ({
      name: `${layer}.lora_${end}.weight`,
      dtype: 'F16' as const,
      shape,
    }));
    const trained = { ss_sd_model_name: 'playground-v2.5-1024px-aesthetic' };
    await writeSafetensors(join(folder, 'loras/portraits.safetensors'), tensors, trained);
    const loras = loraSources(folder, {});
    return [
      { slug: 'plain', model: plain, loras },
      { slug: 'lightning', model, family: 'sdxl-lightning' },
      {
        slug: 'lcm-of-unet',
        model: guided,
        unet: fixturePath('families/unets/guided/diffusion_pytorch_model.fp16.safetensors'),
      },
    ];
  },
});

const post = (url: string, { json }: Customer, payload: object) =>
  http().app.inject({ method: 'POST', url, headers: json, payload });
const get = (url: string, { auth }: Customer) => http().app.inject({ url, headers: auth });

test('each model tells its family, defaults, limits and price, from its files and the settings', async () => {
  const customer = await http().customer();
  const { models } = (await get('/api/models', customer)).json();
  const of = (id: string) => models.find((model: { id: string }) => model.id === id);
  for (const model of models) expect(Check(modelSchema, model), model.id).toBe(true);
  expect(of(slug)).toMatchObject({ family: 'playground-v2.5', price: { per_step_megapixel: 0.000148, per_image: 0 } });
  expect(of('plain')).toMatchObject({
    family: 'sdxl',
    defaults: { num_inference_steps: 25, guidance_scale: 5, scheduler: 'euler' },
    price: { per_image: 0, picture: 0.000015 },
  });
  expect(of('lightning')).toMatchObject({
    family: 'sdxl-lightning',
    defaults: { num_inference_steps: 4, guidance_scale: 0, scheduler: 'euler' },
    parameters: { guidance_scale: { minimum: 0, default: 0 }, num_inference_steps: { minimum: 1, default: 4 } },
    price: { per_step_megapixel: 0.000148, per_image: 0.001, picture: 0.001003 },
  });
  expect(of('lcm-of-unet')).toMatchObject({
    family: 'lcm-unet',
    defaults: { num_inference_steps: 4, guidance_scale: 8, scheduler: 'lcm' },
    parameters: { num_inference_steps: { maximum: 50 } },
  });
});

test('a model is asked under its own name with its own defaults, and costs what was quoted', async () => {
  const customer = await http().customer();
  const quote = (await get('/api/price?model=lightning', customer)).json();
  expect(quote).toMatchObject({ price: 0.001003, num_inference_steps: 4, img_width: 64 });
  const reply = await post('/v1/lightning', customer, { prompt: 'a red apple', base64: false, image_format: 'png' });
  expect(reply.statusCode, reply.body.slice(0, 500)).toBe(200);
  expect(Number(reply.headers[headers.cost])).toBe(quote.price);
  expect(JSON.parse(String(reply.headers[headers.outputMetadata]))).toMatchObject({
    steps: 4,
    guidance_scale: 0,
    scheduler: 'euler',
    width: 64,
  });
  expect(readParameters(reply.rawPayload)).toContain('Steps: 4');
  const { entries } = (await get('/api/ledger', customer)).json();
  expect(
    entries.map(({ kind, amount, amount_charged }: Record<string, unknown>) => [kind, amount, amount_charged]),
  ).toEqual(
    expect.arrayContaining([
      ['hold', -quote.price, 0],
      ['charge', 0, quote.price],
    ]),
  );
});

test('OpenAPI has each model under its own address, with its limits, defaults and price', async () => {
  const document = (await http().app.inject('/openapi.json')).json();
  const bodyOf = (model: string) => {
    const { post: operation } = document.paths[`/v1/${model}`];
    const name = operation.requestBody.content['application/json'].schema.$ref.split('/').at(-1);
    return { properties: document.components.schemas[name].properties, description: operation.description };
  };
  const lightning = bodyOf('lightning');
  expect(lightning.properties).toMatchObject({
    num_inference_steps: { minimum: 1, maximum: 100, default: 4 },
    guidance_scale: { minimum: 0, default: 0 },
    scheduler: { default: 'euler' },
  });
  expect(lightning.description).toContain('it costs 0.001003 credits');
  expect(lightning.properties.scheduler.enum).not.toContain('edm_euler');
  expect(bodyOf(slug).properties.num_inference_steps).toMatchObject({ minimum: 20, default: 25 });
  expect(bodyOf('lcm-of-unet').properties.num_inference_steps).toMatchObject({ maximum: 50 });
});

test('what a model does not do is refused with what it does, before anything is charged', async () => {
  const customer = await http().customer();
  const balance = async () => (await get('/api/credits', customer)).json().remaining;
  const before = await balance();
  for (const [model, body, message] of [
    ['lightning', { scheduler: 'edm_euler' }, 'scheduler must be one of euler, euler_ancestral'],
    ['lcm-of-unet', { num_inference_steps: 51 }, 'num_inference_steps must be from 1 to 50 with the model lcm-of-unet'],
    ['plain', { img_width: 2048 }, 'img_width must be'],
  ] as const) {
    const reply = await post(`/v1/${model}`, customer, { prompt: 'a red apple', ...body });
    expect(reply.statusCode, reply.body).toBe(400);
    expect(reply.json().error).toContain(message);
  }
  expect(await balance()).toBe(before);
  expect(microToNumber(1n)).toBeLessThan(before);
});

const small = { prompt: 'a red apple', img_width: 64, img_height: 64, num_inference_steps: 2, seed: 7 };

async function succeeded(customer: Customer, body: object) {
  const created = await post('/api/jobs', customer, { model: 'plain', ...small, image_format: 'png', ...body });
  expect(created.statusCode, created.body).toBe(202);
  const job = async () => (await get(`/api/jobs/${created.json().id}`, customer)).json();
  await expect.poll(async () => (await job()).status).toBe('succeeded');
  const done = await job();
  const file = (await http().app.inject(new URL(done.images[0].url).pathname)).rawPayload;
  return { created: created.json(), done, pixels: (await decodeImage(file)).data, parameters: readParameters(file) };
}

test('a job is drawn with the LoRAs of its model, by name and weight or by tags in the prompt, and its file tells', async () => {
  const customer = await http().customer();
  const { models } = (await get('/api/models', customer)).json();
  const { loras } = models.find(({ id }: { id: string }) => id === 'plain');
  expect(loras.map(({ name }: { name: string }) => name)).toEqual(['ink', 'oil_lcm']);
  const plain = await succeeded(customer, {});
  const drawn = await succeeded(customer, { loras: [{ name: 'ink', weight: 2 }] });
  expect(drawn.pixels).not.toEqual(plain.pixels);
  expect(drawn.done).toMatchObject({ loras: [{ name: 'ink', weight: 2 }], prompt: 'a red apple', lora_tags: false });
  expect(drawn.parameters).toMatch(/^a red apple <lora:ink:2>\n/);
  const tagged = await succeeded(customer, { prompt: 'a red apple <lora:ink:2>', lora_tags: true });
  expect(tagged.pixels).toEqual(drawn.pixels);
  expect(tagged.done).toMatchObject({
    loras: [{ name: 'ink', weight: 2 }],
    prompt: 'a red apple',
    lora_tags: true,
    notes: [],
  });
  const none = await succeeded(customer, { loras: [{ name: 'ink', weight: 0 }] });
  expect(none.pixels).toEqual(plain.pixels);
});

test('a LoRA counts where a part of a picture is repainted and where a picture is enlarged, too', async () => {
  const customer = await http().customer();
  const shade = (background: string, box?: string) =>
    sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .composite(
        box === undefined ? [] : [{ input: { create: { width: 32, height: 32, channels: 3, background: box } } }],
      )
      .png()
      .toBuffer();
  const image = (await shade('#4080c0')).toString('base64');
  const mask = (await shade('black', 'white')).toString('base64');
  for (const more of [
    { image, mask },
    { image, mask, mask_padding: 8 },
    { image, upscale: 2, strength: 0.8 },
  ]) {
    const draw = async (weight: number) => {
      const body = { ...more, loras: [{ name: 'ink', weight }] };
      return succeeded(customer, 'upscale' in more ? { ...body, img_width: undefined, img_height: undefined } : body);
    };
    const [plain, drawn] = [await draw(0), await draw(4)];
    expect(drawn.pixels).not.toEqual(plain.pixels);
    expect(drawn.parameters).toMatch(/^a red apple <lora:ink:4>\n/);
    expect(plain.parameters).not.toContain('<lora:');
  }
});

test('a LoRA that is unknown, of another line, too strong or one too many is refused before anything is charged', async () => {
  const customer = await http().customer();
  const tags = { lora_tags: true };
  for (const [body, message] of [
    [{ loras: [{ name: 'Inc' }] }, /did you mean ink\? the model has ink, oil_lcm/],
    [{ loras: [{ name: '../../secret' }] }, /loras/],
    [{ loras: [{ name: 'portraits' }] }, /portraits.* was trained on Playground v2\.5.* the SDXL line/],
    [{ prompt: 'a fox <lora:Inc:1>', ...tags }, /did you mean ink\?/],
    [{ prompt: ' <lora:ink:1>', ...tags }, /prompt must have words besides the tags of LoRAs/],
    [{ prompt: 'a fox <lora:ink:9>', ...tags }, /the weight of a LoRA must be from -4 to 4 \(got .*<lora:ink:9>/],
    [{ prompt: `a fox ${'<lora:ink:0.1>'.repeat(9)}`, ...tags }, /at most 8 LoRAs together \(got 9\)/],
  ] as const) {
    const reply = await post('/api/jobs', customer, { model: 'plain', ...small, ...body });
    expect([reply.statusCode, reply.json().detail], JSON.stringify(body)).toEqual([
      400,
      expect.stringMatching(message),
    ]);
    const segmind = await post('/v1/plain', customer, { prompt: 'a red apple', ...body });
    expect([segmind.statusCode, segmind.json().error]).toEqual([400, expect.stringMatching(message)]);
  }
  const { entries } = (await get('/api/ledger', customer)).json();
  expect(entries.filter(({ kind }: { kind: string }) => kind !== 'grant')).toEqual([]);
});

test('a job tells what may not be expected of it: what was cut, what is plain text, what a LoRA was made for', async () => {
  const customer = await http().customer();
  const prompt = `a (red:1.4) fox <lora:ink:1> ${'very '.repeat(80)}small`;
  const body = { ...small, prompt, negative_prompt: 'snow', guidance_scale: 1, loras: [{ name: 'oil_lcm' }] };
  const { created, done } = await succeeded(customer, body);
  expect(created.notes).toEqual([
    {
      code: 'truncated',
      field: 'prompt',
      text: expect.stringMatching(/very small$/),
      message: expect.stringMatching(/^prompt is longer than the 75 tokens .* very small"; long_prompts reads more$/),
    },
    {
      code: 'plain_text',
      message:
        'prompt syntax of other tools was read as plain text: "(red:1.4)", "<lora:ink:1>"; prompt_weighting reads weights; lora_tags reads LoRAs',
    },
    { code: 'no_effect', field: 'negative_prompt', message: expect.stringContaining('a guidance_scale of 1') },
    { code: 'lora', message: expect.stringMatching(/oil_lcm.* is LCM, made for 4 to 8 steps/) },
  ]);
  expect(done.notes).toEqual(created.notes);
  const reply = await post('/v1/plain', customer, {
    ...body,
    prompt: 'ein Füchslein (rot:1.4)',
    loras: [],
    base64: false,
  });
  const told: string[] = JSON.parse(String(reply.headers[headers.notes]));
  expect(told).toEqual([
    'prompt syntax of other tools was read as plain text: "(rot:1.4)"; prompt_weighting reads weights',
    expect.stringContaining('negative_prompt has no effect'),
  ]);
  const quiet = await post('/v1/plain', customer, { ...small, base64: false });
  expect(quiet.headers[headers.notes]).toBeUndefined();
  // A style counts as well, and the notes go with the prompt that they quote.
  const forgotten = await post('/api/jobs', customer, {
    model: 'plain',
    ...small,
    prompt: `${'very '.repeat(65)}small fox`,
    style: 'film-still',
    store: false,
  });
  expect(forgotten.json().notes).toMatchObject([{ code: 'truncated', text: expect.stringMatching(/muted colours$/) }]);
  const later = async () => (await get(`/api/jobs/${forgotten.json().id}`, customer)).json();
  await expect.poll(async () => (await later()).status).toBe('succeeded');
  expect((await later()).notes).toEqual([]);
});

test('a UNet that takes the guidance scale as an input is told by its model, and ignores the negative prompt at any scale', async () => {
  const customer = await http().customer();
  const { models } = (await get('/api/models', customer)).json();
  const takes = (id: string) => models.find((model: { id: string }) => model.id === id).takes_negative_prompt;
  expect([takes('plain'), takes('lcm-of-unet')]).toEqual([true, false]);
  const body = { model: 'lcm-of-unet', num_inference_steps: 1, guidance_rescale: 0.5, image_format: 'png' };
  const plain = await succeeded(customer, { ...body, guidance_rescale: 0 });
  const ignored = await succeeded(customer, { ...body, negative_prompt: `snow ${'and ice '.repeat(80)}` });
  expect(ignored.pixels).toEqual(plain.pixels);
  // The end that it would not read is not told of: it reads none of it.
  expect(ignored.done.notes).toEqual(
    ['negative_prompt', 'guidance_rescale'].map((field) => ({
      code: 'no_effect',
      field,
      message: `${field} has no effect with the model lcm-of-unet, whose UNet takes guidance_scale as an input`,
    })),
  );
  const stronger = await succeeded(customer, { ...body, guidance_rescale: 0, guidance_scale: 1 });
  expect(stronger.pixels).not.toEqual(plain.pixels);
  expect(stronger.done.notes).toEqual([]);
});
