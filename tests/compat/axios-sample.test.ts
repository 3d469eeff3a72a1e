import axios, { AxiosError } from 'axios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';

let server: EaselServer;
beforeAll(async () => {
  server = await serveEasel();
});
afterAll(() => server.stop());

const sample = {
  prompt: 'a red apple on a blue background',
  negative_prompt: 'None',
  samples: 1,
  num_inference_steps: 25,
  guidance_scale: 3,
  seed: 36446545871,
};

test("the API page's own sample gets a JPEG and the credits that remain", async () => {
  const { data, status, headers } = await axios.post(
    `${server.url}/v1/playground-v2.5`,
    { ...sample, base64: false },
    { headers: { 'x-api-key': server.devKey }, responseType: 'arraybuffer' },
  );
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('image/jpeg');
  expect(Buffer.from(data).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  expect(Number(headers['x-remaining-credits'])).toBeLessThan(100);
  expect(headers['x-seed-value']).toBe('36446545871');
});

test('the sample as it is printed, base64 by default, gets JSON with the same picture', async () => {
  const post = (body: object) =>
    axios.post(`${server.url}/v1/playground-v2.5`, body, { headers: { 'x-api-key': server.devKey } });
  const first = await post({ ...sample, base64: 1 });
  const again = await post(sample);
  expect(first.headers['content-type']).toMatch(/^application\/json/);
  expect(again.data.image).toBe(first.data.image);
  expect(Buffer.from(first.data.image, 'base64').subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
});

test('a wrong key is 401 with the error as a text', async () => {
  const refused = axios.post(`${server.url}/v1/playground-v2.5`, sample, {
    headers: { 'x-api-key': 'SG_0000000000000000' },
  });
  const error = await refused.catch((thrown: unknown) => thrown);
  if (!(error instanceof AxiosError)) throw new Error('the request was not refused');
  expect(error.response?.status).toBe(401);
  expect(error.response?.data).toMatchObject({ error: expect.any(String), code: 'unauthorized' });
});
