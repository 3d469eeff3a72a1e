import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { codeSamples } from './code-samples.ts';

const request = { prompt: `a dog's "bone" $HOME \\ \`x\``, base64: false, seed: 7 };
const origin = 'http://127.0.0.1:8400';
const codeOf = (fields: object, name: string) =>
  codeSamples({ ...request, ...fields }, origin).find((sample) => sample.name === name)?.code ?? '';

test.each([25, 4])('there is a sample in each of the four languages at %i steps, and none contains a key', (steps) => {
  const samples = codeSamples({ ...request, num_inference_steps: steps }, origin);
  expect(samples.map(({ name }) => name)).toEqual(['curl', 'axios', 'TypeScript', 'Python']);
  for (const { code } of samples) {
    expect(code).not.toMatch(/SG_/);
    expect(code).toContain(`"num_inference_steps": ${steps}`.replace(': ', code.includes('": ') ? ': ' : ':'));
  }
});

test('a shell sends exactly the request, whatever the prompt contains', () => {
  const curl = codeOf({}, 'curl').replace('curl ', 'printf "%s\\n" ');
  const words = execFileSync('sh', ['-c', curl], { encoding: 'utf8' }).split('\n');
  expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(request);
});

test('the file name matches the type of the reply', () => {
  expect(codeOf({}, 'curl')).toContain('-o picture.jpg');
  expect(codeOf({ image_format: 'png' }, 'Python')).toContain('"picture.png"');
  expect(codeOf({ base64: true }, 'curl')).toContain('-o reply.json');
  expect(codeOf({ base64: true, image_format: 'webp' }, 'axios')).toContain('.webp');
});
