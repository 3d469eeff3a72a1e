import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

test('a study draws pairs with equal seeds, takes blind votes, and tells the tally with its interval', async () => {
  const page = await web().visit('/arena');
  for (const [index, steps] of [4, 2].entries()) {
    await page.getByRole('spinbutton', { name: 'Steps, exactly' }).nth(index).fill(String(steps));
  }
  await page.getByLabel('Prompts, one a line').fill('a red apple\n\n  a fox  ');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByText('1 of 2').waitFor();
  const left = page.getByRole('button', { name: 'The left one is better' });
  await left.click();
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'Neither' }).click();
  await page.getByText('Every pair has your vote.').waitFor();
  await page.getByText(/A \d, B \d, neither 1\. A has (25|75) % \(95 % confidence: \d+ % to \d+ %/).waitFor();

  const headers = { 'x-api-key': web().server.devKey };
  const text = await fetch(`${web().server.url}/api/jobs`, { headers }).then((reply) => reply.text());
  const page1: { jobs: { prompt: string; seed: number; num_inference_steps: number }[] } = JSON.parse(text);
  const [apples, foxes] = ['a red apple', 'a fox'].map((prompt) => page1.jobs.filter((job) => job.prompt === prompt));
  for (const pair of [apples, foxes]) {
    expect(new Set(pair?.map(({ seed }) => seed)).size).toBe(1);
    expect(pair?.map(({ num_inference_steps: steps }) => steps).sort()).toEqual([2, 4]);
  }
  await page.reload();
  await page.getByText('Every pair has your vote.').waitFor();
  await page.getByRole('button', { name: 'End this study and begin another' }).click();
  await page.getByRole('button', { name: 'Begin' }).waitFor();
});

test('the API page lists every parameter and sends a request that can be changed', async () => {
  const page = await web().visit('/reference');
  const row = page.getByRole('row', { name: /^num_inference_steps/ });
  expect(await row.textContent()).toMatch(/integer.*25.*20 – 100/);
  const request = page.getByLabel('The request, to change as you like');
  await request.fill('{"prompt": "a red apple", "base64": false, "seed": 3}');
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByAltText('The reply').waitFor();
  await page.getByText(/^200 · \d+ kB/).waitFor();
  await page.getByRole('button', { name: 'axios' }).click();
  expect(await page.locator('pre.code').first().textContent()).toContain("responseType: 'arraybuffer'");
  await request.fill('{"prompt": "a", "samples": 9}');
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByText(/samples must be an integer from 1 to 4/).waitFor();
  await request.fill('{');
  await page.getByText('This is not a JSON object yet.').waitFor();
});
