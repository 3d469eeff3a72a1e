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
  // Nothing says yet which setting that vote was for.
  expect(await page.getByText(/A: playground|guidance 3/).count()).toBe(0);
  await page.getByRole('button', { name: 'Take the last vote back' }).click();
  await page.getByText('1 of 2').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText('Every pair has your vote.').waitFor();
  await page.getByText(/A \d, B \d, no difference 1\. A has (25|75) % \(95 % confidence: \d+ % to \d+ %/).waitFor();
  await page
    .getByText(/A: playground-v2.5, 4 steps, guidance 3, DPM-Solver.. 2M. B: playground-v2.5, 2 steps/)
    .waitFor();

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
  await page.getByRole('button', { name: 'Throw its 2 votes away?' }).click();
  await page.getByRole('button', { name: 'Begin' }).waitFor();
});

test('a prompt that cannot be drawn is passed over and told of, and the others are not kept waiting', async () => {
  const page = await web().visit('/arena');
  for (const side of [0, 1]) await page.getByRole('spinbutton', { name: 'Steps, exactly' }).nth(side).fill('2');
  await page.getByLabel('Prompts, one a line').fill(`${'x'.repeat(10_001)}\na good one`);
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText(/^Without pictures: x+/).waitFor();
});

test('a study that is ended makes no more pictures, and none of them comes into the next', async () => {
  const page = await web().visit('/arena');
  const begin = async (steps: number, prompts: string) => {
    for (const side of [0, 1])
      await page.getByRole('spinbutton', { name: 'Steps, exactly' }).nth(side).fill(String(steps));
    await page.getByLabel('Prompts, one a line').fill(prompts);
    await page.getByRole('button', { name: 'Begin' }).click();
  };
  await begin(100, 'an old lamp\nan old boat');
  await page.getByText('1 of 2').waitFor();
  await page.getByRole('button', { name: 'End this study and begin another' }).click();
  await page.getByRole('button', { name: 'Really end it?' }).click();
  await begin(2, 'a new lamp\na new boat');
  for (const text of ['1 of 2', '2 of 2']) {
    await page.getByText(text).waitFor();
    await page.getByRole('button', { name: 'No difference' }).click();
  }
  await page.getByText('Every pair has your vote.').waitFor();
  const headers = { 'x-api-key': web().server.devKey };
  const text = await fetch(`${web().server.url}/api/jobs`, { headers }).then((reply) => reply.text());
  const { jobs }: { jobs: { prompt: string; status: string; images: { url: string }[] }[] } = JSON.parse(text);
  expect(jobs.filter(({ prompt, status }) => prompt.startsWith('an old') && status === 'succeeded')).toEqual([]);
  const fresh = jobs.filter(({ prompt }) => prompt.startsWith('a new')).flatMap(({ images }) => images);
  const shown = await page
    .getByRole('img', { name: /^Drawn with/ })
    .evaluateAll((all) => all.map((one) => one.getAttribute('src')));
  expect(shown.toSorted()).toEqual(fresh.map(({ url }) => new URL(url).pathname).toSorted());
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
