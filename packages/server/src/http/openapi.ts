import {
  isRecord,
  type ModelParameter,
  microToDecimal,
  paths,
  priceOf,
  SIDE_STEP,
  type Tariff,
  webhookPayloadSchema,
} from '@easel/contract';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ModelCard, parametersOf } from '../models/model-card.ts';
import { securitySchemes } from './route-schemas.ts';
import type { HttpServices } from './services.ts';
import type { HttpApp, HttpOptions, Surface } from './surface.ts';

/** The API page loads everything from this server. */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data: blob:; base-uri 'self'; frame-ancestors 'self'; object-src 'none'";

/** Serves the OpenAPI document, generated from the schemas of the routes, and a page that shows it. Must be called before routes are added. */
export async function describeApi(
  app: HttpApp,
  { models, tariff }: Pick<HttpServices, 'models' | 'tariff'>,
  { version, publicUrl, tags }: Pick<HttpOptions, 'version' | 'publicUrl'> & Pick<Surface, 'tags'>,
): Promise<void> {
  const complete = (document: Json) => withComponents(withModelPaths({ ...document, webhooks }, models(), tariff));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Easel',
        version,
        description: "Pictures from text prompts, through three APIs: Segmind, OpenAI Images and Easel's own.",
      },
      ...(publicUrl === null ? {} : { servers: [{ url: publicUrl }] }),
      tags: [...tags],
      components: { securitySchemes },
    },
    convertConstToEnum: false,
  });
  const forms = keptForms(app);
  await app.register(swaggerUi, {
    uiHooks: { preHandler: forms },
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
    theme: { title: 'API · Easel' },
    logo: { type: 'image/svg+xml', content: logo },
    transformSpecification: (document) => withWayBack(complete(document)),
    transformSpecificationClone: true,
  });
  let document: string | undefined;
  app.get(paths.openapi, { schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(complete({ ...app.swagger() }));
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}

/**
 * The library writes the forms `/docs/json` and `/docs/yaml` of the document anew for each request, which takes a good part of a second, and
 * nobody needs a key for them: each is written once.
 *
 * @returns what answers requests for one that is written
 */
function keptForms(app: HttpApp): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const written: ReadonlyMap<string, { type: unknown; text: string | undefined }> = new Map(
    ['/docs/json', '/docs/yaml'].map((url) => [url, { type: undefined, text: undefined }]),
  );
  app.addHook('onSend', async ({ routeOptions, method }, reply, payload) => {
    const form = written.get(routeOptions.url ?? '');
    if (form === undefined || method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return;
    form.type = reply.getHeader('content-type');
    form.text = payload;
  });
  return async ({ routeOptions }, reply) => {
    const { type, text } = written.get(routeOptions.url ?? '') ?? {};
    return text === undefined ? undefined : reply.type(String(type)).send(text);
  };
}

/** In place of the library's own; decorative, since the description below it leads to the page. */
const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 32 32"><path d="M16 2v5M9 30l5-21M23 30l-5-21M16 23v7" stroke="#b98a68" stroke-width="2.4" stroke-linecap="round"/><rect x="5" y="6" width="22" height="17" rx="2" fill="#d9512c"/><circle cx="12" cy="13" r="3" fill="#ffd9a0"/><path d="M6 22l7-6 5 4 4-3 5 5z" fill="#7c2412"/></svg>';

/** Adds a link to the web page: the library has no other place for one. */
function withWayBack(document: Json): Json {
  const info: Json = typeof document.info === 'object' ? { ...document.info } : {};
  return { ...document, info: { ...info, description: `${String(info.description)}\n\n[Back to the Easel page](/)` } };
}

/** What the server sends to endpoints (OpenAPI 3.1, "Webhooks"). */
const webhooks = {
  jobEnded: {
    post: {
      operationId: 'onJobEnded',
      tags: ['webhooks'],
      summary: 'Sent to webhook endpoints when a job ends, signed as Standard Webhooks describe it',
      requestBody: { required: true, content: { 'application/json': { schema: webhookPayloadSchema } } },
      responses: { '2XX': { description: 'The event is taken; after any other status it is sent again' } },
    },
  },
};

/** An object of an OpenAPI document. */
export type Json = Readonly<Record<string, unknown>>;

/** Titles of the contract's schemas are type names; other titles are just titles. */
const schemaName = /^[A-Z][A-Za-z0-9]+$/;

/**
 * Moves every named schema of an OpenAPI document to its components, and refers to it wherever it is used, so that generated clients
 * have named types.
 */
export function withComponents(document: Json): Json {
  const schemas: Record<string, unknown> = {};
  const { info, ...rest } = document;
  const moved = moveNamed(rest, schemas);
  const components = isRecord(moved) && isRecord(moved.components) ? moved.components : {};
  return { ...(isRecord(moved) ? moved : {}), info, components: { ...components, schemas } };
}

function moveNamed(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((each) => moveNamed(each, schemas));
  if (!isRecord(value)) return value;
  const moved = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moveNamed(each, schemas)]));
  const { title } = value;
  if (typeof title !== 'string' || !schemaName.test(title)) return moved;
  schemas[title] = moved;
  return { $ref: `#/components/schemas/${title}` };
}

const slugPart = '{slug}';

/**
 * Replaces `/v1/{slug}` in an OpenAPI document by a path for each served model, such as `/v1/playground-v2.5`, whose body has the limits
 * and defaults of that model, and whose description has its price. Must run before `withComponents`.
 */
export function withModelPaths(document: Json, models: readonly ModelCard[], tariff: Tariff): Json {
  if (!isRecord(document.paths)) return document;
  const named = namesOf(models);
  const paths = Object.entries(document.paths).flatMap(([path, operations]) =>
    path.includes(slugPart) && isRecord(operations)
      ? models.map((model) => {
          const described = { description: descriptionOf(model, tariff), name: named.get(model) ?? '' };
          return [path.replace(slugPart, model.slug), operationsFor(operations, model, described)];
        })
      : [[path, operations]],
  );
  return { ...document, paths: Object.fromEntries(paths) };
}

/** The suffix of a model's operations and schemas: empty for the default model, else for example `MyModel` for `my-model`. */
function namesOf(models: readonly ModelCard[]): ReadonlyMap<ModelCard, string> {
  const names = new Map<ModelCard, string>();
  for (const model of models) {
    const words = model.slug.split(/[._-]+/).filter((word) => word !== '');
    const name = model.isDefault ? '' : words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    const taken = new Set(names.values());
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}${number}`;
    names.set(model, free);
  }
  return names;
}

interface Described {
  readonly description: string;
  /** The suffix of its operations and schemas. */
  readonly name: string;
}

function operationsFor(operations: Json, model: ModelCard, described: Described): Json {
  return Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [
      method,
      isRecord(operation) ? operationFor(operation, model, described) : operation,
    ]),
  );
}

function operationFor(operation: Json, model: ModelCard, { description, name }: Described): Json {
  const { operationId, parameters, requestBody } = operation;
  return {
    ...operation,
    operationId: `${String(operationId)}${name}`,
    description,
    ...(Array.isArray(parameters) && {
      parameters: parameters.filter((each) => !isRecord(each) || each.name !== 'slug'),
    }),
    ...(isRecord(requestBody) && { requestBody: bodyFor(requestBody, model, name) }),
  };
}

function descriptionOf({ name, slug, isEmbedded, sizes, defaults }: ModelCard, tariff: Tariff): string {
  const drawer = isEmbedded ? `${name}, the small embedded model` : name;
  const price = microToDecimal(priceOf({ ...defaults, model: slug, samples: 1 }, tariff));
  return (
    `Generated by ${drawer === slug ? 'this model' : drawer}: sides are multiples of ${SIDE_STEP} from ${sizes.minSide} to ${sizes.maxSide} pixels, ` +
    `and a picture has at most ${sizes.maxMegapixels} megapixels (of 1,048,576 pixels). With the defaults it costs ${price} credits.`
  );
}

function bodyFor(requestBody: Json, model: ModelCard, name: string): Json {
  const content = isRecord(requestBody.content) ? requestBody.content : {};
  return {
    ...requestBody,
    content: Object.fromEntries(
      Object.entries(content).map(([type, media]) => [
        type,
        isRecord(media) && isRecord(media.schema) ? { ...media, schema: schemaFor(media.schema, model, name) } : media,
      ]),
    ),
  };
}

function schemaFor(schema: Json, model: ModelCard, name: string): Json {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const parameters = new Map(
    Object.entries(parametersOf({ ...model, allowed: { ...model.allowed, ...model.onSegmind } })),
  );
  return {
    ...schema,
    title: `${String(schema.title)}${name}`,
    properties: Object.fromEntries(
      Object.entries(properties).map(([field, own]) => [
        field,
        isRecord(own) ? narrowed(own, parameters.get(field)) : own,
      ]),
    ),
  };
}

/** Narrows a field to what both the surface and the model allow. */
function narrowed(field: Json, parameter: ModelParameter | undefined): Json {
  if (parameter === undefined) return field;
  const { minimum = -Infinity, maximum = Infinity, choices, default: preset } = parameter;
  const least = typeof field.minimum === 'number' ? Math.max(field.minimum, minimum) : minimum;
  const most = typeof field.maximum === 'number' ? Math.min(field.maximum, maximum) : maximum;
  const isDefault = typeof preset !== 'number' || (preset >= least && preset <= most);
  return {
    ...field,
    ...(Number.isFinite(least) && { minimum: least }),
    ...(Number.isFinite(most) && { maximum: most }),
    ...(Array.isArray(field.enum) &&
      choices !== undefined && { enum: field.enum.filter((value) => choices.includes(value)) }),
    ...(preset !== undefined && isDefault && { default: preset }),
  };
}
