/** Of a route that asks for a key: either header will do. */
export const needsKey = [{ apiKey: [] }, { bearer: [] }] as const;

/** For the API page. */
export const securitySchemes = {
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'SG_ and 16 hexadecimal digits' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same key, as `Authorization: Bearer KEY`' },
} as const;
