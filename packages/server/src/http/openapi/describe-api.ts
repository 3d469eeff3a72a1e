import { paths } from '@easel/contract';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';
import { securitySchemes } from '../schemas/security.ts';
import type { HttpServices } from '../services.ts';
import { type Json, withComponents } from './components.ts';
import { withModelPaths } from './model-paths.ts';

const tags = [
  { name: 'segmind', description: 'A drop-in replacement: change the host, keep the code' },
  { name: 'openai', description: 'For the official OpenAI clients' },
  { name: 'jobs', description: 'Jobs with progress' },
  { name: 'images', description: 'Pictures' },
  { name: 'models', description: 'What draws' },
  { name: 'money', description: 'Credits, prices, usage' },
  { name: 'admin', description: 'For an admin key' },
  { name: 'health', description: 'For whoever looks after the process' },
];

/** The page has all it needs from here, and asks nobody else for anything. */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data: blob:; base-uri 'self'; frame-ancestors 'self'; object-src 'none'";

/** The OpenAPI document, from the schemas that validate, and a page that shows it. To be registered before the routes. */
export async function describeApi(
  app: HttpApp,
  { models }: Pick<HttpServices, 'models'>,
  { version, publicUrl }: Pick<HttpOptions, 'version' | 'publicUrl'>,
): Promise<void> {
  const complete = (document: Json) => withComponents(withModelPaths(document, models()));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Easel', version, description: 'Pictures from prompts, on three surfaces over one service.' },
      ...(publicUrl === null ? {} : { servers: [{ url: publicUrl }] }),
      tags,
      components: { securitySchemes },
    },
    convertConstToEnum: false,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
    transformSpecification: complete,
    transformSpecificationClone: true,
  });
  let document: string | undefined;
  app.get(paths.openapi, { schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(complete({ ...app.swagger() }));
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}
