import { type Static, Type } from 'typebox';
import { arithmeticNames, deviceNames, familyNames, profileNames } from '../limits.ts';
import { aspectRatios } from '../picture/aspect-ratios.ts';
import { samplerNames } from '../request/samplers.ts';
import { credits } from '../schema/common-fields.ts';
import { choice, count, nullable, openObject } from '../schema/define.ts';

const pixels = (description: string, example: number) =>
  Type.Integer({ minimum: 1, description: `${description}, in pixels`, examples: [example] });

export const modelSizeSchema = openObject(
  {
    aspect_ratio: choice(aspectRatios, { description: 'The shape', examples: ['16:9'] }),
    width: pixels('Width', 1344),
    height: pixels('Height', 768),
  },
  { title: 'ModelSize', description: 'A size that the model was trained on' },
);

export const modelLimitsSchema = openObject(
  {
    min_side: pixels('The shortest side', 512),
    max_side: pixels('The longest side', 1536),
    side_step: pixels('Sides are multiples of it', 8),
    max_megapixels: Type.Number({ description: 'Width × height in units of 1,048,576 pixels', examples: [1.6] }),
  },
  { title: 'ModelLimits', description: 'The sizes that the model draws' },
);

export const modelDefaultsSchema = openObject(
  {
    img_width: pixels('The native width', 1024),
    img_height: pixels('The native height', 1024),
    num_inference_steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    guidance_scale: Type.Number({ description: 'The guidance scale', examples: [3] }),
    scheduler: choice(samplerNames, { description: 'The sampler', examples: ['edm_dpmpp_2m'] }),
    profile: choice(profileNames, { description: 'The profile', examples: ['exact'] }),
  },
  { title: 'ModelDefaults', description: 'What is taken where a request is silent' },
);

const modelLicenceSchema = openObject(
  {
    name: Type.String({ description: "An SPDX identifier, or the name of the model's own licence", examples: ['mit'] }),
    link: nullable(Type.String({ description: 'Where its text is' }), {
      description: 'Where its text is: an address, or a path relative to the card; null: the card does not say',
      examples: ['https://example.org/LICENSE.md'],
    }),
    attributions: Type.Array(Type.String({ description: 'A notice' }), {
      description: 'Notices of the sources that the model was made of',
      examples: [['Trained on Fluent Emoji, Copyright (c) Microsoft Corporation, MIT License']],
    }),
  },
  { title: 'ModelLicence', description: 'Whose work the model is' },
);

export const modelParameterSchema = openObject(
  {
    minimum: Type.Optional(Type.Number({ description: 'The smallest value', examples: [1] })),
    maximum: Type.Optional(Type.Number({ description: 'The largest value', examples: [100] })),
    multiple_of: Type.Optional(Type.Number({ description: 'Only multiples of it', examples: [8] })),
    choices: Type.Optional(
      Type.Array(Type.String(), { description: 'One of these', examples: [['edm_dpmpp_2m', 'edm_euler']] }),
    ),
    default: Type.Optional(
      Type.Union([Type.Number(), Type.String()], {
        description: 'What is taken where a request is silent',
        examples: [25, 'edm_dpmpp_2m'],
      }),
    ),
  },
  { title: 'ModelParameter', description: 'What a field of a request may be' },
);

export const deviceSchema = openObject(
  {
    name: choice(deviceNames, { description: 'The device', examples: ['webgpu'] }),
    title: Type.String({ description: 'For people', examples: ['WebGPU'] }),
    arithmetic: choice(arithmeticNames, { description: 'In which numbers it computes', examples: ['float32'] }),
    adapter: Type.Optional(Type.String({ description: 'The graphics card, if known', examples: ['NVIDIA A10'] })),
    memory_bytes: Type.Optional(
      Type.Integer({ minimum: 0, description: "The card's memory, if known", examples: [25_769_803_776] }),
    ),
    reason: Type.Optional(
      Type.String({
        description: 'Why it is not another device; absent: it is the first choice',
        examples: ['no graphics card was found'],
      }),
    ),
  },
  { title: 'Device', description: 'What an engine runs on' },
);

export type Device = Static<typeof deviceSchema>;

export const modelDeviceSchema = openObject(
  { ...deviceSchema.properties, engines: count({ description: 'How many engines run on it', examples: [1] }) },
  { title: 'ModelDevice', description: 'What a model runs on' },
);

export type ModelDevice = Static<typeof modelDeviceSchema>;

export const modelLoraSchema = openObject(
  {
    name: Type.String({ description: 'Its name in requests', examples: ['watercolour'] }),
    notices: Type.Array(Type.String(), {
      description: 'What should be known of it with this model',
      examples: [['watercolour does not say which model it was trained on']],
    }),
    file_size: count({ description: 'Of its file, in bytes', examples: [170_543_052] }),
    licence: Type.Optional(
      Type.String({ description: 'What its file says of its licence; absent: nothing', examples: ['CC-BY-4.0'] }),
    ),
  },
  { title: 'ModelLora', description: 'A LoRA that fits a model' },
);

const modelPriceSchema = openObject(
  {
    per_step_megapixel: credits({ description: 'For one step on 1,048,576 pixels', examples: [0.000148] }),
    per_image: credits({ description: 'For each picture besides', examples: [0] }),
    picture: credits({ description: 'One picture with the defaults of the model', examples: [0.0037] }),
  },
  { title: 'ModelPrice', description: 'What its pictures cost, in credits; GET /api/price quotes a request' },
);

export const modelSchema = openObject(
  {
    id: Type.String({ description: "The model's name in requests", examples: ['playground-v2.5'] }),
    name: Type.String({ description: 'What it really is', examples: ['Playground v2.5', 'easel-demo'] }),
    family: choice(familyNames, {
      description: 'How it is sampled: the family that its files, or the settings of the server, say it is of',
      examples: ['playground-v2.5', 'sdxl-turbo'],
    }),
    takes_negative_prompt: Type.Boolean({
      description:
        'Whether a negative prompt has an effect, with a guidance_scale above 1. False: the UNet takes the guidance scale as an input',
      examples: [true],
    }),
    notices: Type.Array(Type.String(), {
      description: 'What should be known of it, such as a name that says another family than its files',
      examples: [[]],
    }),
    is_default: Type.Boolean({ description: 'Whether it draws when a request names none', examples: [true] }),
    is_embedded: Type.Boolean({ description: 'Whether it is the small model that comes along', examples: [false] }),
    licence: nullable(modelLicenceSchema, {
      description: "What the model's card says; null: there is none",
      examples: [null],
    }),
    weight_bytes: count({ description: 'How large its weights are, in bytes', examples: [6_938_078_334] }),
    defaults: modelDefaultsSchema,
    limits: modelLimitsSchema,
    price: modelPriceSchema,
    parameters: Type.Record(Type.String(), modelParameterSchema, {
      description: 'What the fields of POST /api/jobs may be with this model, by their names',
      examples: [{ scheduler: { choices: ['edm_dpmpp_2m', 'edm_euler'], default: 'edm_dpmpp_2m' } }],
    }),
    devices: Type.Array(modelDeviceSchema, {
      description: 'What it runs on now, on all workers; empty until one has loaded it',
    }),
    loras: Type.Array(modelLoraSchema, { description: 'What `loras` of a request may name' }),
    sizes: Type.Array(modelSizeSchema, { description: 'One for each aspect ratio it draws' }),
  },
  { title: 'Model', description: 'A model that this server draws with' },
);

export const modelListSchema = openObject(
  { models: Type.Array(modelSchema, { description: 'The default model first' }) },
  { title: 'ModelList', description: 'The reply of GET /api/models' },
);

export type ModelSize = Static<typeof modelSizeSchema>;
export type ModelLimits = Static<typeof modelLimitsSchema>;
export type ModelDefaults = Static<typeof modelDefaultsSchema>;
export type ModelParameter = Static<typeof modelParameterSchema>;
export type ModelLora = Static<typeof modelLoraSchema>;
export type Model = Static<typeof modelSchema>;
export type ModelList = Static<typeof modelListSchema>;
