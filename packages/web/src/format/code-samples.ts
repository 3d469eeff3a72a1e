export interface CodeSample {
  readonly name: 'curl' | 'TypeScript' | 'axios' | 'Python';
  readonly code: string;
}

/** The same request in four languages. The key is a placeholder: one is never put where it could be copied along. */
export function codeSamples(
  request: Readonly<Record<string, unknown>>,
  origin: string,
  slug = 'playground-v2.5',
): CodeSample[] {
  const url = `${origin}/v1/${slug}`;
  const body = JSON.stringify(request, null, 2);
  const { base64: _, ...job } = request;
  return [
    { name: 'curl', code: curl(url, request) },
    {
      name: 'axios',
      code: `import { writeFile } from 'node:fs/promises';
import axios from 'axios';

// responseType keeps the bytes of the picture as they are.
const { data } = await axios.post('${url}', ${body}, {
  headers: { 'x-api-key': process.env.EASEL_API_KEY },
  responseType: 'arraybuffer',
});
await writeFile('picture.jpg', data);
`,
    },
    {
      name: 'TypeScript',
      code: `import { writeFile } from 'node:fs/promises';
import { EaselClient } from '@easel/client';

const easel = new EaselClient({ baseUrl: '${origin}', apiKey: process.env.EASEL_API_KEY });
const { images } = await easel.jobs.run(${JSON.stringify({ ...job, model: slug }, null, 2)});
for (const { id, file_name } of images) await writeFile(file_name, (await easel.images.get(id)).bytes);
`,
    },
    {
      name: 'Python',
      code: `import os
import requests

reply = requests.post(
    "${url}",
    headers={"x-api-key": os.environ["EASEL_API_KEY"]},
    json=${python(request)},
)
reply.raise_for_status()
with open("picture.jpg", "wb") as file:
    file.write(reply.content)
`,
    },
  ];
}

function curl(url: string, request: Readonly<Record<string, unknown>>): string {
  // The quote of a shell ends the text, is added by itself, and the text goes on.
  const body = JSON.stringify(request).replaceAll("'", `'\\''`);
  return `curl '${url}' \\
  -H "x-api-key: $EASEL_API_KEY" \\
  -H 'content-type: application/json' \\
  -d '${body}' \\
  -o picture.jpg
`;
}

/** JSON is Python but for three words. */
function python(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([name, each]) => `        ${JSON.stringify(name)}: ${python(each)},`);
    return `{\n${entries.join('\n')}\n    }`;
  }
  return JSON.stringify(value);
}
