import { expect, test } from 'vitest';
import { nameOfPath } from './name-of-path.ts';

const hub = '/home/me/.cache/huggingface/hub';
const commit = 'a'.repeat(40);
const cached = (repo: string, file = '') => `${hub}/models--${repo}/snapshots/${commit}${file && `/${file}`}`;

test.each([
  ['/models/dreamshaper.safetensors', 'dreamshaper'],
  ['/models/my-model', 'my-model'],
  [cached('segmind--SSD-1B'), 'ssd-1b'],
  [cached('somebody--a-model'), 'somebody/a-model'],
  [cached('latent-consistency--lcm-lora-sdxl', 'pytorch_lora_weights.safetensors'), 'lcm-lora-sdxl'],
  [cached('somebody--ink', 'pytorch_lora_weights.safetensors'), 'somebody/ink'],
  [cached('ByteDance--SDXL-Lightning', 'sdxl_lightning_4step_lora.safetensors'), 'sdxl-lightning-4step-lora'],
  [cached('somebody--checkpoints', 'xl/owl.safetensors'), 'owl'],
])('%s is called %s', (path, name) => {
  expect(nameOfPath(path)).toBe(name);
});
