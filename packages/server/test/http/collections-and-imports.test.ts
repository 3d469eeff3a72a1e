import { crc32 } from 'node:zlib';
import { headers, type Job } from '@easel/contract';
import { type GenerationParameters, writeParameters } from '@easel/parameters';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Customer, slug, useHttp } from './http-server.ts';

const http = useHttp();

const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, { auth, json }: Customer, payload?: object) =>
  http().app.inject({ method, url, headers: payload ? json : auth, ...(payload && { payload }) });

/** A picture of its own colour. */
function picture(red: number, format: 'png' | 'jpeg' | 'webp' = 'png'): Promise<Buffer> {
  const background = { r: red, g: 90, b: 30 };
  return sharp({ create: { width: 40, height: 24, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

const parameters: GenerationParameters = {
  ...{ prompt: 'a (red:1.2) apple', negativePrompt: 'blurry', seed: 42n, width: 40, height: 24 },
  ...{ steps: 30, guidanceScale: 5, scheduler: 'edm_euler', model: 'Playground v2.5', easelVersion: '1.0.0' },
};

function upload(customer: Customer, file: Uint8Array, name = 'apple.png') {
  return send('POST', '/api/imports', customer, { image: Buffer.from(file).toString('base64'), file_name: name });
}

/** Imports pictures of these colours. */
async function imported(customer: Customer, ...reds: number[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const red of reds) {
    const reply = await upload(customer, await picture(red));
    expect(reply.statusCode, reply.body).toBe(201);
    jobs.push(reply.json());
  }
  return jobs;
}

const nameOf = ({ images }: Job) => images[0]?.id ?? '';

const collectionsOf = async (customer: Customer) =>
  (await send('GET', '/api/collections', customer)).json().collections.map((each: object) => ({ ...each }));

test('an imported picture is a job that cost nothing, with what its file tells and with its own bytes', async () => {
  const customer = await http().customer();
  const before = await http().services.credits.balance(customer.accountId);
  const file = writeParameters(await picture(200), parameters);
  const reply = await upload(customer, file);
  expect(reply.statusCode, reply.body).toBe(201);
  const job: Job = reply.json();
  expect(job).toMatchObject({
    ...{ status: 'succeeded', prompt: 'a (red:1.2) apple', negative_prompt: 'blurry', seed: 42, price: 0 },
    ...{ num_inference_steps: 30, guidance_scale: 5, scheduler: 'edm_euler', img_width: 40, img_height: 24 },
    ...{ model: 'imported', drawn_by: 'Playground v2.5', device: null, error: null },
    imported: { file_name: 'apple.png', source: 'easel' },
  });
  const known = ['prompt', 'negative_prompt', 'seed', 'num_inference_steps', 'guidance_scale', 'scheduler', 'profile'];
  expect(job.imported?.known.toSorted()).toEqual(known.toSorted());
  expect((await send('GET', `/api/jobs/${job.id}`, customer)).json()).toEqual(job);
  const sent = await http().app.inject({ url: `/api/images/${nameOf(job)}.png` });
  expect(sent.rawPayload).toEqual(Buffer.from(file));
  expect(sent.headers).not.toHaveProperty(headers.device);
  const thumbnail = await http().app.inject({ url: `/api/images/${nameOf(job)}?w=160` });
  expect(await sharp(thumbnail.rawPayload).metadata()).toMatchObject({ format: 'webp', width: 40, height: 24 });
  expect(await http().services.credits.balance(customer.accountId)).toEqual(before);
  const usage = await send('GET', '/api/usage?group=model', customer);
  expect(usage.json().rows).toEqual([]);
  expect(http().jobs.counted.map(({ model }) => model)).not.toContain('imported');
});

test('a picture that tells nothing says so, and one that tells the impossible keeps the rest', async () => {
  const customer = await http().customer();
  const [silent] = await imported(customer, 11);
  expect(silent).toMatchObject({ prompt: '', imported: { source: null, known: [] } });
  const text = `a fox\nNegative prompt: \nSteps: 4000, Sampler: Euler a, CFG scale: 7, Seed: 18446744073709551615, Size: 40x24`;
  const odd = await sharp(await picture(12, 'jpeg'))
    .withExif({ IFD0: { ImageDescription: text } })
    .jpeg()
    .toBuffer();
  const job: Job = (await upload(customer, odd, 'fox.jpg')).json();
  expect(job).toMatchObject({ prompt: 'a fox', guidance_scale: 7, imported: { source: 'automatic1111' } });
  expect(job.imported?.known).toContain('guidance_scale');
  expect(job.imported?.known).not.toContain('num_inference_steps');
  expect(job.imported?.known).not.toContain('seed');
});

test('what is no picture, is damaged, is there already or is too much is refused, and nothing of it is kept', async () => {
  const [customer, other] = [await http().customer(), await http().customer()];
  const file = await picture(21, 'webp');
  const text = await upload(customer, Buffer.from('<svg/>'));
  expect(text.json()).toMatchObject({ status: 400, code: 'invalid_request', param: 'image' });
  const gif = await sharp(await picture(22))
    .gif()
    .toBuffer();
  expect((await upload(customer, gif)).json()).toMatchObject({
    status: 400,
    detail: expect.stringContaining('PNG, JPEG or WebP'),
  });
  const cut = (await picture(23)).subarray(0, 60);
  expect((await upload(customer, cut)).json()).toMatchObject({ status: 400, param: 'image' });
  expect((await upload(customer, file)).statusCode).toBe(201);
  const again = await Promise.all([upload(customer, file), upload(customer, file)]);
  for (const reply of again) expect(reply.json()).toMatchObject({ status: 409, code: 'conflict' });
  expect((await upload(other, file)).statusCode).toBe(201);
  const noise = await sharp({
    create: {
      width: 400,
      height: 400,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
      background: 'red',
    },
  })
    .png()
    .toBuffer();
  expect((await upload(customer, noise)).json()).toMatchObject({ status: 403, code: 'forbidden' });
  const { jobs } = (await send('GET', '/api/jobs', customer)).json();
  expect(jobs).toHaveLength(1);
  expect((await http().app.inject({ method: 'POST', url: '/api/imports', payload: { image: 'aa' } })).statusCode).toBe(
    401,
  );
});

test('a form may upload the file', async () => {
  const customer = await http().customer();
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(await picture(31))], { type: 'image/png' }), 'a.png');
  form.set('file_name', 'a.png');
  const body = new Response(form);
  const reply = await http().app.inject({
    ...{ method: 'POST', url: '/api/imports', payload: Buffer.from(await body.arrayBuffer()) },
    headers: { ...customer.auth, 'content-type': body.headers.get('content-type') ?? '' },
  });
  expect(reply.statusCode, reply.body).toBe(201);
  expect(reply.json()).toMatchObject({ imported: { file_name: 'a.png' } });
});

test('collections are created, renamed, filled, listed by and deleted, and leave their pictures alone', async () => {
  const customer = await http().customer();
  const [one, two, three] = await imported(customer, 41, 42, 43);
  const created = await send('POST', '/api/collections', customer, { name: 'Apples' });
  expect(created.statusCode).toBe(201);
  const { id } = created.json();
  expect(created.json()).toMatchObject({ name: 'Apples', pictures: 0, cover: null });
  const pictures = `/api/collections/${id}/pictures`;
  await send('POST', pictures, customer, { add: [nameOf(one), nameOf(two)] });
  const changed = await send('POST', pictures, customer, { add: [nameOf(two), nameOf(three)], remove: [nameOf(one)] });
  expect(changed.json()).toMatchObject({ id, pictures: 2 });
  const listed = await send('GET', `/api/jobs?collection=${id}`, customer);
  expect(listed.json().jobs.map(nameOf)).toEqual([nameOf(three), nameOf(two)]);
  expect((await send('PATCH', `/api/collections/${id}`, customer, { name: 'Äpfel 🍎' })).json()).toMatchObject({
    name: 'Äpfel 🍎',
  });
  await send('POST', '/api/collections', customer, { name: 'Pears' });
  const twice = await send('PATCH', `/api/collections/${id}`, customer, { name: 'Pears' });
  expect(twice.json()).toMatchObject({ status: 409, code: 'conflict' });
  expect(await collectionsOf(customer)).toMatchObject([
    { name: 'Äpfel 🍎', pictures: 2 },
    { name: 'Pears', pictures: 0 },
  ]);
  expect((await send('DELETE', `/api/collections/${id}`, customer)).statusCode).toBe(204);
  expect((await send('GET', `/api/jobs?collection=${id}`, customer)).statusCode).toBe(404);
  expect((await send('GET', '/api/jobs', customer)).json().jobs).toHaveLength(3);
});

test('of a job with several pictures a collection lists those that it has', async () => {
  const customer = await http().customer();
  const request = { prompt: 'a', model: slug, samples: 2, num_inference_steps: 1, img_width: 64, img_height: 64 };
  const { id: jobId } = (await send('POST', '/api/jobs', customer, request)).json();
  const { images } = await http().services.waitForJob(jobId, AbortSignal.timeout(120_000));
  const [, second] = images.map(({ name }) => name);
  const { id } = (await send('POST', '/api/collections', customer, { name: 'Second ones' })).json();
  await send('POST', `/api/collections/${id}/pictures`, customer, { add: [second] });
  const { jobs } = (await send('GET', `/api/jobs?collection=${id}`, customer)).json();
  expect(jobs.map((job: Job) => job.images.map((image) => image.id))).toEqual([[second]]);
});

test('a picture leaves its collections when it, or its job, is deleted', async () => {
  const customer = await http().customer();
  const [one, two, three] = await imported(customer, 51, 52, 53);
  const { id } = (await send('POST', '/api/collections', customer, { name: 'Kept' })).json();
  await send('POST', `/api/collections/${id}/pictures`, customer, { add: [nameOf(one), nameOf(two), nameOf(three)] });
  await send('DELETE', `/api/images/${nameOf(one)}`, customer);
  await send('DELETE', `/api/jobs/${two?.id}/record`, customer);
  expect(await collectionsOf(customer)).toMatchObject([{ pictures: 1, cover: nameOf(three) }]);
});

test("another account's collections and pictures cannot be seen, changed, collected or packed", async () => {
  const [owner, other] = [await http().customer(), await http().customer()];
  const [job] = await imported(owner, 61);
  const { id } = (await send('POST', '/api/collections', owner, { name: 'Mine' })).json();
  const theirs = (await send('POST', '/api/collections', other, { name: 'Theirs' })).json();
  const name = nameOf(job);
  expect(await collectionsOf(other)).toMatchObject([{ name: 'Theirs' }]);
  const refused = [
    await send('PATCH', `/api/collections/${id}`, other, { name: 'x' }),
    await send('DELETE', `/api/collections/${id}`, other),
    await send('POST', `/api/collections/${id}/pictures`, other, { remove: [name] }),
    await send('GET', `/api/jobs?collection=${id}`, other),
    await send('POST', `/api/collections/${theirs.id}/pictures`, other, { add: [name] }),
    await send('POST', '/api/images.zip', other, { images: [name] }),
  ];
  expect(refused.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404, 404, 404]);
  const reader = await http().customer({ scopes: ['read'] });
  expect((await send('POST', '/api/collections', reader, { name: 'x' })).statusCode).toBe(403);
  for (const wrong of [{}, { name: '' }, { name: 'x'.repeat(101) }, { name: 'x', more: 1 }])
    expect((await send('POST', '/api/collections', owner, wrong)).statusCode).toBe(400);
});

/** Name and content of each file of an archive whose files are stored as they are, from its first byte on. */
function filesOf(zip: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50; ) {
    const [checksum, size, length] = [zip.readUInt32LE(at + 14), zip.readUInt32LE(at + 18), zip.readUInt16LE(at + 26)];
    const bytes = zip.subarray(at + 30 + length, at + 30 + length + size);
    expect(crc32(bytes)).toBe(checksum);
    files.set(zip.toString('utf8', at + 30, at + 30 + length), bytes);
    at += 30 + length + size;
  }
  return files;
}

test('a ZIP file has the pictures byte for byte, in the order asked for, with the job of each in metadata.json', async () => {
  const customer = await http().customer();
  const file = writeParameters(await picture(71), parameters);
  const told: Job = (await upload(customer, file)).json();
  const [silent, deleted] = await imported(customer, 72, 73);
  await send('DELETE', `/api/images/${nameOf(deleted)}`, customer);
  const gone = await send('POST', '/api/images.zip', customer, { images: [nameOf(told), nameOf(deleted)] });
  expect(gone.json()).toMatchObject({ status: 404, param: 'images' });
  const reply = await send('POST', '/api/images.zip', customer, {
    images: [nameOf(silent), nameOf(told), nameOf(told)],
  });
  expect(reply.headers).toMatchObject({ 'content-type': 'application/zip', 'cache-control': 'no-store' });
  const files = filesOf(reply.rawPayload);
  expect([...files.keys()]).toEqual(['imported-apple.png', 'a-red-1-2-apple-42.png', 'metadata.json']);
  expect(files.get('a-red-1-2-apple-42.png')).toEqual(Buffer.from(file));
  const { images: _, ...job } = told;
  expect(JSON.parse(files.get('metadata.json')?.toString() ?? '')).toMatchObject({
    pictures: [{ id: nameOf(silent) }, { file: 'a-red-1-2-apple-42.png', id: nameOf(told), seed: 42, job }],
    left_out: [],
  });
});

test('a ZIP file tells no address of the picture that another was made from', async () => {
  const customer = await http().customer();
  const [start] = await imported(customer, 81);
  const made = await send('POST', '/api/jobs', customer, {
    ...{ prompt: 'a', model: slug, image: start?.images[0]?.url, strength: 0 },
    ...{ num_inference_steps: 1, img_width: 64, img_height: 64 },
  });
  expect(made.json().start_image).toMatch(nameOf(start));
  const { images } = await http().services.waitForJob(made.json().id, AbortSignal.timeout(120_000));
  const reply = await send('POST', '/api/images.zip', customer, { images: images.map(({ name }) => name) });
  const metadata = filesOf(reply.rawPayload).get('metadata.json')?.toString() ?? '';
  expect(JSON.parse(metadata)).toMatchObject({ pictures: [{ job: { id: made.json().id } }] });
  expect(metadata).not.toContain(nameOf(start));
});
