import multipart from '@fastify/multipart';
import type { HttpApp } from '../http-app.ts';

/** Fields of a form: more than any request has, and few enough to be read. */
const MOST_FIELDS = 60;

/** Bodies are JSON or forms. An empty JSON body, such as some clients send with DELETE, counts as none. */
export async function parseBodies(app: HttpApp, bodyBytes: number): Promise<void> {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length === 0) done(null, undefined);
    else void parseJson(request, String(text), done); // it calls back
  });
  await app.register(multipart, {
    limits: { fieldSize: bodyBytes, fileSize: bodyBytes, files: 2, fields: MOST_FIELDS, parts: MOST_FIELDS },
  });
}
