import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { codeSamples } from './code-samples.ts';

const request = { prompt: `a dog's "bone" $HOME \\ \`x\``, base64: false, seed: 7 };
const samples = codeSamples(request, 'http://127.0.0.1:8400');

test('there is one for each of the four, and none has a key in it', () => {
  expect(samples.map(({ name }) => name)).toEqual(['curl', 'axios', 'TypeScript', 'Python']);
  for (const { code } of samples) expect(code).not.toMatch(/SG_/);
});

test('a shell sends the very request, whatever the prompt is', () => {
  const curl = samples[0]?.code.replace('curl ', 'printf "%s\\n" ') ?? '';
  const words = execFileSync('sh', ['-c', curl], { encoding: 'utf8' }).split('\n');
  expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(request);
});
