import { EaselClient } from '@easel/client';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

test('of a picture that was only enlarged no more are offered, which would be the same, and Remix does not start from the small one', async () => {
  const { url, devKey } = web().server;
  const client = new EaselClient({ baseUrl: url, apiKey: devKey });
  const common = { prompt: 'a small key', seed: 98, num_inference_steps: 2 };
  const { images } = await client.jobs.run({ ...common, img_width: 64, img_height: 64 });
  const path = new URL(images[0]?.url ?? '').pathname;
  const { strength } = await client.jobs.run({ ...common, image: path, upscale: 2, strength: 0 });
  expect(strength).toBe(0);
  const page = await web().visit('/gallery');
  await page
    .getByRole('button', { name: /^Open picture/ })
    .first()
    .click();
  await page.getByText('The picture was only enlarged: four more would all be the same.').waitFor();
  expect(await page.getByRole('button', { name: 'Generate 4 more' }).isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: 'Regenerate' }).isDisabled()).toBe(false);
  await page.getByRole('button', { name: 'Remix' }).click();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await expect.poll(() => prompt.inputValue()).toBe('a small key');
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/api/jobs')),
    prompt.press('Enter'),
  ]);
  expect(request.postDataJSON()).toMatchObject({ prompt: 'a small key', seed: 98, img_width: 64, img_height: 64 });
  expect(request.postDataJSON().image).toBeUndefined();
  await page.locator('.run-card.succeeded').waitFor();
});
