import {
  arithmeticNames,
  defaults,
  defaultTariff,
  deviceNames,
  embeddedModelSizes,
  familyNames,
  fullModelSizes,
  patterns,
  profileNames,
  type SizeLimits,
} from '@easel/contract';
import Type, { type Static } from 'typebox';

/** A century: dates that far ahead exist, in JavaScript and in PostgreSQL. */
const MOST_SECONDS = 100 * 365 * 86_400;
/** The longest time of a timer of Node.js is 2³¹ − 1 ms, almost 25 days. */
const MOST_DRAIN_SECONDS = 7 * 86_400;
/** What fits an integer of PostgreSQL. */
const MOST_COUNT = 2 ** 31 - 1;

const seconds = (options: { default: number; description: string; maximum?: number }) =>
  Type.Number({ minimum: 0, maximum: MOST_SECONDS, ...options });
const count = (options: { default: number; description: string; minimum?: number }) =>
  Type.Integer({ minimum: 1, maximum: MOST_COUNT, ...options });
const text = (description: string) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null, description });
/** Amounts are text, because binary fractions are not exact; in a file they may be numbers. */
const decimal = (options: { default: string; description: string }) =>
  Type.String({ pattern: patterns.amount.source, ...options });

const sizes = (defaults: SizeLimits, largestSide: number) =>
  Type.Object(
    {
      minSide: Type.Integer({ minimum: 64, maximum: largestSide, default: defaults.minSide }),
      maxSide: Type.Integer({ minimum: 64, maximum: largestSide, default: defaults.maxSide }),
      maxMegapixels: Type.Number({ exclusiveMinimum: 0, maximum: 4, default: defaults.maxMegapixels }),
    },
    {
      additionalProperties: false,
      default: {},
      description: 'sides in pixels, area in megapixels of 1,048,576 pixels',
    },
  );

const device = (options: { default?: string; description?: string } = {}) =>
  Type.Enum(['auto', ...deviceNames], { type: 'string', ...options });
const arithmetic = (options: { default?: string; description?: string } = {}) =>
  Type.Enum([...arithmeticNames], { type: 'string', ...options });
const cards = (options: { default?: null; description?: string } = {}) =>
  Type.Union(
    [
      Type.Array(Type.Integer({ minimum: 0, maximum: 63 }), { minItems: 1, uniqueItems: true }),
      Type.Literal('all'),
      Type.Null(),
    ],
    options,
  );

const rate = () => Type.Optional(Type.String({ pattern: patterns.amount.source }));

/** A model with settings of its own; what is absent is that of all models. */
const modelWithSettings = Type.Object(
  {
    path: Type.String({ minLength: 1 }),
    family: Type.Optional(Type.Enum([...familyNames], { type: 'string' })),
    unet: Type.Optional(Type.String({ minLength: 1 })),
    vae: Type.Optional(Type.String({ minLength: 1 })),
    device: Type.Optional(device()),
    arithmetic: Type.Optional(arithmetic()),
    cards: Type.Optional(cards()),
  },
  { additionalProperties: false },
);

/** Every setting with its default and range. The setting `a.b` of the file is the environment variable `EASEL_A_B`. */
export const configSchema = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 8400,
      description: 'port to listen on; 0: any free one',
    }),
    publicUrl: text('how clients reach the server, for absolute links; default: the Host they asked for'),
    dataDir: text('folder of the database, pictures and the server secret'),
    imagesDir: text('folder of the pictures, the same one for all machines; default: `images` in the data folder'),
    s3: Type.Object(
      {
        bucket: text('bucket for the pictures instead of a folder, on any store with the API of Amazon S3'),
        endpoint: text('address of the store; default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or Amazon in the region'),
        region: text('default: AWS_REGION, AWS_DEFAULT_REGION, or us-east-1'),
        prefix: Type.String({
          maxLength: 500,
          default: '',
          description: 'what every key begins with; a folder of the bucket ends with /',
        }),
        pathStyle: Type.Union([Type.Boolean(), Type.Null()], {
          default: null,
          description:
            'true: the bucket is in the path of the address; false: in the name of the host; default: false for Amazon',
        }),
        accessKeyId: text('default: AWS_ACCESS_KEY_ID (secret)'),
        secretAccessKey: text('default: AWS_SECRET_ACCESS_KEY (secret)'),
        sessionToken: text('default: AWS_SESSION_TOKEN (secret)'),
      },
      { additionalProperties: false, default: {} },
    ),
    databaseUrl: text('postgres:// URL of a PostgreSQL of your own; default: the embedded one'),
    model: Type.Union([Type.String({ minLength: 1 }), modelWithSettings, Type.Null()], {
      default: null,
      description:
        'path or name of the model that answers to playground-v2.5, or an object as in `models`; default: the embedded one',
    }),
    models: Type.Record(Type.String(), Type.Union([Type.String(), modelWithSettings]), {
      default: {},
      description:
        'further models: slug → path or name, or {"path": …} with its own family, unet, vae, device, arithmetic and cards',
    }),
    device: device({
      default: 'auto',
      description: 'what models run on; auto: the best device of this machine that gives correct results',
    }),
    arithmetic: arithmetic({
      default: 'float32',
      description: 'precision of the arithmetic on a graphics card; float16 is faster and less exact',
    }),
    cards: cards({
      default: null,
      description: 'graphics cards, each with an engine of its own: numbers as `easel doctor` lists them, or all',
    }),
    int8Files: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      default: {},
      description: 'files of `easel model quantize` that are not beside their model: slug → path',
    }),
    upscaler: text(
      'an ESRGAN-type network (RRDBNet, .safetensors) that enlarges pictures for `upscale`; default: none',
    ),
    loras: Type.Record(
      Type.String({ pattern: patterns.loraName.source }),
      Type.Union([
        Type.String({ minLength: 1 }),
        Type.Object(
          { path: Type.String({ minLength: 1 }), anyBase: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
      ]),
      {
        default: {},
        description:
          'LoRAs besides those in the folder `loras` of the data folder: name → path, or {"path": …, "anyBase": true} to use it though its file names another model',
      },
    ),
    defaultProfile: Type.Union(
      profileNames.map((name) => Type.Literal(name)),
      { default: defaults.profile, description: 'the profile of requests that name none' },
    ),
    memory: Type.Union(
      [
        Type.Number({ exclusiveMinimum: 0 }),
        Type.Literal('auto'),
        Type.Literal('small'),
        Type.Literal('normal'),
        Type.Literal('large'),
      ],
      { default: 'auto', description: 'what of a model stays in memory; a number: of gigabytes for all models' },
    ),
    sizes: Type.Object(
      { full: sizes(fullModelSizes, 2048), embedded: sizes(embeddedModelSizes, embeddedModelSizes.maxSide) },
      { additionalProperties: false, default: {}, description: 'what pictures may be asked of a model' },
    ),
    worker: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'whether `serve` also makes pictures itself' }),
        threads: Type.Union([Type.Integer({ minimum: 1, maximum: 256 }), Type.Null()], {
          default: null,
          description:
            'processor threads of the engine; default: the physical cores, limited by the quota of the container',
        }),
        concurrency: Type.Integer({
          minimum: 1,
          maximum: 64,
          default: 1,
          description: 'jobs of each model that this process runs at the same time, each with an engine of its own',
        }),
        idleSeconds: seconds({ default: 300, description: 'without work the engine gives its memory back; 0: never' }),
        textCache: Type.Boolean({
          default: false,
          description: 'whether encoded prompts are kept in files after their requests are deleted',
        }),
        metricsPort: Type.Union([Type.Integer({ minimum: 0, maximum: 65535 }), Type.Null()], {
          default: null,
          description: 'port on which `easel worker` answers GET /metrics and /healthz; 0: any free one; default: none',
        }),
        warmUp: Type.Boolean({ default: true, description: 'make one small picture at the start' }),
      },
      { additionalProperties: false, default: {} },
    ),
    limits: Type.Object(
      {
        queueLength: count({ default: 1000, description: 'jobs that may wait for one model' }),
        queuedPerAccount: count({ default: 100, description: 'jobs of one account that may wait' }),
        concurrentPerAccount: count({ default: 4, description: 'jobs of one account that run at the same time' }),
        requestsPerMinute: count({
          default: 600,
          description: 'requests that create work, per key, where the key has no limit of its own',
        }),
        wrongKeysPerMinute: count({
          default: 60,
          description:
            'requests with a wrong key from one address (IPv6: network of 64 bits) before it is answered 429',
        }),
        streamsPerKey: count({ default: 64, description: 'event streams of one key that are open at the same time' }),
        streams: count({ default: 1000, description: 'event streams of all keys that are open at the same time' }),
        bodyBytes: count({ minimum: 1000, default: 25_000_000, description: 'the largest request' }),
        importedBytesPerAccount: Type.Integer({
          minimum: 0,
          default: 2_000_000_000,
          description: 'what an account may keep of imported pictures, in bytes; 0: nothing can be imported',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    drafts: Type.Object(
      {
        maxSeconds: seconds({
          default: 3,
          description: 'longest expected run time of a draft, from measured speeds; 0: no drafts',
        }),
        perMinute: count({ default: 60, description: 'drafts of one account in a minute' }),
      },
      { additionalProperties: false, default: {} },
    ),
    pricing: Type.Object(
      {
        perStepMegapixel: decimal({ default: String(defaultTariff.perStepMegapixel), description: 'credits' }),
        perImage: decimal({ default: String(defaultTariff.perImage), description: 'credits' }),
        profiles: Type.Object(
          {
            exact: decimal({ default: '1', description: 'multiplies the price of jobs with this profile' }),
            int8: decimal({ default: '1', description: 'multiplies the price of jobs with this profile' }),
            fast: decimal({ default: '1', description: 'multiplies the price of jobs with this profile' }),
          },
          { additionalProperties: false, default: {} },
        ),
        models: Type.Record(
          Type.String(),
          Type.Object({ perStepMegapixel: rate(), perImage: rate() }, { additionalProperties: false }),
          {
            default: {},
            description: 'models with prices of their own: slug → {"perStepMegapixel": …, "perImage": …}, in credits',
          },
        ),
      },
      { additionalProperties: false, default: {} },
    ),
    retention: Type.Object(
      {
        imagesSeconds: seconds({ default: 7 * 86_400, description: 'how long pictures are kept' }),
        requestsSeconds: seconds({ default: 30 * 86_400, description: 'how long records of jobs are kept' }),
      },
      { additionalProperties: false, default: {} },
    ),
    segmind: Type.Object(
      { base64Default: Type.Boolean({ default: true, description: 'what `base64` is when a request does not say' }) },
      { additionalProperties: false, default: {} },
    ),
    openai: Type.Object(
      {
        modelAliases: Type.Array(Type.String(), {
          default: [
            'dall-e-2',
            'dall-e-3',
            'gpt-image-1',
            'gpt-image-1-mini',
            'gpt-image-1.5',
            'gpt-image-2',
            'chatgpt-image-latest',
          ],
          description: 'names that mean the default model',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    cors: Type.Object(
      { origins: Type.Array(Type.String(), { default: [], description: 'pages that may call; "*": all' }) },
      { additionalProperties: false, default: {} },
    ),
    trustedProxies: Type.Array(Type.String(), {
      default: [],
      description: 'proxies whose X-Forwarded headers are believed: addresses or networks such as 10.0.0.0/8',
    }),
    webhooks: Type.Object(
      {
        networks: Type.Array(Type.String(), {
          default: [],
          description: 'networks that are not public and that webhooks may be sent to all the same, such as 10.0.0.0/8',
        }),
        http: Type.Boolean({ default: false, description: 'whether webhooks may be sent to http:// addresses too' }),
        timeoutSeconds: Type.Number({
          minimum: 1,
          maximum: 60,
          default: 15,
          description: 'how long an endpoint may take to answer',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    reviewHook: text('module whose default export accepts or rejects each finished picture'),
    metrics: Type.Object(
      {
        accounts: Type.Integer({
          minimum: 0,
          maximum: 1000,
          default: 0,
          description: 'accounts that GET /metrics names, those that spend most; the others are one; 0: none',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    drainSeconds: seconds({
      default: 30,
      maximum: MOST_DRAIN_SECONDS,
      description: 'how long running jobs may take to finish at a stop',
    }),
    logLevel: Type.Union(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level) => Type.Literal(level)),
      { default: 'info' },
    ),
    secret: text('hashes keys instead of the file `secret` of the data folder; at least 32 characters (secret)'),
    adminKey: text('fixes the admin key beforehand (secret)'),
    devKey: text('fixes the development key beforehand (secret)'),
    devCredits: decimal({ default: '100', description: 'credits of the development account at the first start' }),
  },
  { additionalProperties: false },
);

/** The settings of one process, complete and valid. */
export type Config = Static<typeof configSchema>;

/** Never printed, never logged. A database URL holds a password. */
export const secretKeys: readonly string[] = [
  'secret',
  'adminKey',
  'devKey',
  'databaseUrl',
  's3.accessKeyId',
  's3.secretAccessKey',
  's3.sessionToken',
];
