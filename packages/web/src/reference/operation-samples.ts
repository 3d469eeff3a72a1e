import { defaultSlug } from '@easel/contract';
import { type CodeSample, codeSamples, quoteForShell, type RequestFields, toPython } from '../format/code-samples.ts';
import type { Operation } from './operations.ts';

/** An operation with values for its parameters. */
export interface OperationRequest {
  readonly operation: Operation;
  /** By name: those of the path and the query. */
  readonly values: Readonly<Record<string, string>>;
  readonly body: RequestFields;
}

/** The path and query of a request; a part of the path without a value stays in braces. */
export function addressOfRequest({ operation, values }: Omit<OperationRequest, 'body'>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (whole, name: string) =>
    values[name] ? encodeURIComponent(values[name]) : whole,
  );
  const asked = operation.parameters.filter(({ place, name }) => place === 'query' && values[name]);
  const query = new URLSearchParams(asked.map(({ name }) => [name, values[name] ?? '']));
  return asked.length === 0 ? path : `${path}?${query}`;
}

/** The request in four languages. The key is a placeholder, so that a real one is never copied along. */
export function operationSamples(request: OperationRequest, origin: string): CodeSample[] {
  const { operation, body } = request;
  // That operation replies with pictures, which its samples save.
  if (operation.path === `/v1/${defaultSlug}`) return codeSamples(body, origin);
  const url = `${origin}${addressOfRequest(request)}`;
  const { method, hasBody } = operation;
  const json = JSON.stringify(body, null, 2);
  return [
    {
      name: 'curl',
      code: [
        `curl ${quoteForShell(url)}`,
        ...(method === 'GET' || (method === 'POST' && hasBody) ? [] : [`-X ${method}`]),
        '-H "x-api-key: $EASEL_API_KEY"',
        ...(hasBody ? [`-H 'content-type: application/json'`, `-d ${quoteForShell(JSON.stringify(body))}`] : []),
      ]
        .join(' \\\n  ')
        .concat('\n'),
    },
    {
      name: 'axios',
      code: `import axios from 'axios';

const { data } = await axios.request({
  method: '${method}',
  url: ${JSON.stringify(url)},
  headers: { 'x-api-key': process.env.EASEL_API_KEY },${hasBody ? `\n  data: ${indented(json)},` : ''}
});
console.log(data);
`,
    },
    {
      name: 'TypeScript',
      code: `const reply = await fetch(${JSON.stringify(url)}, {
  method: '${method}',
  headers: { 'x-api-key': process.env.EASEL_API_KEY ?? ''${hasBody ? `, 'content-type': 'application/json'` : ''} },${
    hasBody ? `\n  body: JSON.stringify(${indented(json)}),` : ''
  }
});
console.log(reply.status, await reply.json());
`,
    },
    {
      name: 'Python',
      code: `import os
import requests

reply = requests.request(
    "${method}",
    ${JSON.stringify(url)},
    headers={"x-api-key": os.environ["EASEL_API_KEY"]},${hasBody ? `\n    json=${toPython(body)},` : ''}
)
print(reply.status_code, reply.json())
`,
    },
  ];
}

function indented(code: string): string {
  return code.replaceAll('\n', '\n  ');
}
