import type { CodeSample, RequestFields } from './code-sample.ts';
import { asPython, asShellWord } from './literals.ts';

/** A job of the server's own API, which can do what the compatible route cannot: take it, wait for the end of its events, get its pictures. */
export function asynchronousSamples(job: RequestFields, origin: string): CodeSample[] {
  const jobs = `${origin}/api/jobs`;
  return [
    {
      name: 'curl',
      code: `# Fewer steps than /v1 takes: a job, its events to the end, its pictures. Needs jq.
id=$(curl -sS '${jobs}' \\
  -H "x-api-key: $EASEL_API_KEY" \\
  -H 'content-type: application/json' \\
  -d ${asShellWord(JSON.stringify(job))} | jq -r .id)
curl -sSN "${jobs}/$id/events" -H "x-api-key: $EASEL_API_KEY" > /dev/null
curl -sS "${jobs}/$id" -H "x-api-key: $EASEL_API_KEY" | jq -r '.images[].url' | xargs -n 1 curl -sSO
`,
    },
    {
      name: 'axios',
      code: `import { writeFile } from 'node:fs/promises';
import axios from 'axios';

// Fewer steps than /v1 takes: a job, its events to the end, its pictures.
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

# Fewer steps than /v1 takes: a job, its events to the end, its pictures.
easel = requests.Session()
easel.headers["x-api-key"] = os.environ["EASEL_API_KEY"]
reply = easel.post(
    "${jobs}",
    json=${asPython(job)},
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
