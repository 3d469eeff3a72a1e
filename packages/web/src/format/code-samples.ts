import { playgroundLimits } from '@easel/contract';

export interface CodeSample {
  readonly name: 'curl' | 'TypeScript' | 'axios' | 'Python';
  readonly code: string;
}

/** A request as JSON, by the names of the API. */
export type RequestFields = Readonly<Record<string, unknown>>;

/** The same request in four languages. The key is a placeholder, so that a real one is never copied along. */
export function codeSamples(request: RequestFields, origin: string, slug = 'playground-v2.5'): CodeSample[] {
  const steps = request.num_inference_steps;
  const isShort = typeof steps === 'number' && steps < playgroundLimits.segmindSteps.min;
  const { base64: _, ...job } = request;
  return [
    ...(isShort ? asynchronousSamples({ ...job, model: slug }, origin) : synchronousSamples(request, origin, slug)),
    typescriptSample({ ...job, model: slug }, origin),
  ].toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}

const order: readonly CodeSample['name'][] = ['curl', 'axios', 'TypeScript', 'Python'];

function typescriptSample(job: RequestFields, origin: string): CodeSample {
  return {
    name: 'TypeScript',
    code: `// The client comes with Easel: npm run build in its folder, then npm install EASEL/packages/client here.
import { writeFile } from 'node:fs/promises';
import { EaselClient } from '@easel/client';

const easel = new EaselClient({ baseUrl: '${origin}', apiKey: process.env.EASEL_API_KEY });
const { images } = await easel.jobs.run(${JSON.stringify(job, null, 2)});
for (const { id, file_name } of images) await writeFile(file_name, (await easel.images.get(id)).bytes);
`,
  };
}

function synchronousSamples(request: RequestFields, origin: string, slug: string): CodeSample[] {
  const url = `${origin}/v1/${slug}`;
  const ending = endings.get(request.image_format) ?? 'jpg';
  // The route replies with base64 in JSON by default.
  return request.base64 === false ? binarySamples(request, url, ending) : base64Samples(request, url, ending);
}

const endings: ReadonlyMap<unknown, string> = new Map([
  ['jpeg', 'jpg'],
  ['png', 'png'],
  ['webp', 'webp'],
]);

function binarySamples(request: RequestFields, url: string, ending: string): CodeSample[] {
  return [
    { name: 'curl', code: curl(url, request, `picture.${ending}`) },
    {
      name: 'axios',
      code: `import { writeFile } from 'node:fs/promises';
import axios from 'axios';

// responseType keeps the binary data of the picture intact.
const { data } = await axios.post('${url}', ${JSON.stringify(request, null, 2)}, {
  headers: { 'x-api-key': process.env.EASEL_API_KEY },
  responseType: 'arraybuffer',
});
await writeFile('picture.${ending}', data);
`,
    },
    {
      name: 'Python',
      code: `${pythonPost(url, request)}
with open("picture.${ending}", "wb") as file:
    file.write(reply.content)
`,
    },
  ];
}

function base64Samples(request: RequestFields, url: string, ending: string): CodeSample[] {
  return [
    { name: 'curl', code: curl(url, request, 'reply.json') },
    {
      name: 'axios',
      code: `import { writeFile } from 'node:fs/promises';
import axios from 'axios';

const { data } = await axios.post('${url}', ${JSON.stringify(request, null, 2)}, {
  headers: { 'x-api-key': process.env.EASEL_API_KEY },
});
for (const [index, image] of data.images.entries())
  await writeFile(\`picture-\${index + 1}.${ending}\`, Buffer.from(image, 'base64'));
`,
    },
    {
      name: 'Python',
      code: `import base64
${pythonPost(url, request)}
for index, image in enumerate(reply.json()["images"], 1):
    with open(f"picture-{index}.${ending}", "wb") as file:
        file.write(base64.b64decode(image))
`,
    },
  ];
}

function curl(url: string, request: RequestFields, file: string): string {
  return `curl '${url}' \\
  -H "x-api-key: $EASEL_API_KEY" \\
  -H 'content-type: application/json' \\
  -d ${quoteForShell(JSON.stringify(request))} \\
  -o ${file}
`;
}

function pythonPost(url: string, request: RequestFields): string {
  return `import os
import requests

reply = requests.post(
    "${url}",
    headers={"x-api-key": os.environ["EASEL_API_KEY"]},
    json=${toPython(request)},
)
reply.raise_for_status()`;
}

/** A job of the server's own API, which supports what the compatible route does not: create it, wait for the end of its events, get its pictures. */
function asynchronousSamples(job: RequestFields, origin: string): CodeSample[] {
  const jobs = `${origin}/api/jobs`;
  return [
    {
      name: 'curl',
      code: `# /v1 requires more steps, so this creates a job, waits for it and downloads its pictures. Needs jq.
id=$(curl -sS '${jobs}' \\
  -H "x-api-key: $EASEL_API_KEY" \\
  -H 'content-type: application/json' \\
  -d ${quoteForShell(JSON.stringify(job))} | jq -r .id)
curl -sSN "${jobs}/$id/events" -H "x-api-key: $EASEL_API_KEY" > /dev/null
curl -sS "${jobs}/$id" -H "x-api-key: $EASEL_API_KEY" | jq -r '.images[].url' | xargs -n 1 curl -sSO
`,
    },
    {
      name: 'axios',
      code: `import { writeFile } from 'node:fs/promises';
import axios from 'axios';

// /v1 requires more steps, so this creates a job, waits for it and downloads its pictures.
const easel = axios.create({ baseURL: '${origin}', headers: { 'x-api-key': process.env.EASEL_API_KEY } });
const { data: job } = await easel.post('/api/jobs', ${JSON.stringify(job, null, 2)});
await easel.get(\`/api/jobs/\${job.id}/events\`);
const { data: done } = await easel.get(\`/api/jobs/\${job.id}\`);
for (const { url, file_name } of done.images) {
  const { data } = await easel.get(url, { responseType: 'arraybuffer' });
  await writeFile(file_name, data);
}
`,
    },
    {
      name: 'Python',
      code: `import os
import requests

# /v1 requires more steps, so this creates a job, waits for it and downloads its pictures.
easel = requests.Session()
easel.headers["x-api-key"] = os.environ["EASEL_API_KEY"]
reply = easel.post(
    "${jobs}",
    json=${toPython(job)},
)
reply.raise_for_status()
job = f"${jobs}/{reply.json()['id']}"
easel.get(f"{job}/events")
for image in easel.get(job).json()["images"]:
    with open(image["file_name"], "wb") as file:
        file.write(easel.get(image["url"]).content)
`,
    },
  ];
}

/** Quotes a text as one word of a POSIX shell. */
export function quoteForShell(text: string): string {
  // A single quote closes the quoting, is added escaped, and quoting starts again.
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Writes a JSON value as Python, which differs in three keywords. */
export function toPython(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (Array.isArray(value)) return `[${value.map(toPython).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([name, each]) => `        ${JSON.stringify(name)}: ${toPython(each)},`);
    return `{\n${entries.join('\n')}\n    }`;
  }
  return JSON.stringify(value);
}
