import { EaselClient, EaselError } from '@easel/client';

const easel = new EaselClient({
  baseUrl: process.env.EASEL_URL ?? 'http://127.0.0.1:8400',
  apiKey: process.env.EASEL_API_KEY,
});

export async function POST(request: Request): Promise<Response> {
  const body: unknown = await request.json().catch(() => null);
  const prompt = typeof body === 'object' && body !== null && 'prompt' in body ? body.prompt : undefined;
  if (typeof prompt !== 'string')
    return Response.json({ error: 'the body must be { "prompt": "…" }' }, { status: 400 });
  try {
    const { images } = await easel.jobs.run({ prompt }, { signal: request.signal });
    const [first] = images;
    if (first === undefined) return Response.json({ error: 'there is no picture' }, { status: 502 });
    const { bytes, contentType } = await easel.images.get(first.id);
    return new Response(bytes, { headers: { 'content-type': contentType } });
  } catch (error) {
    if (!(error instanceof EaselError)) throw error;
    return Response.json({ error: error.message, code: error.code }, { status: error.status });
  }
}
