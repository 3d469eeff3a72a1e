import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { faultOfLoras, loraSources, ServedLoras } from './served-loras.ts';

const goldens = fileURLToPath(new URL('../../../../tests/fixtures/goldens/', import.meta.url));

async function served() {
  const data = await mkdtemp(join(tmpdir(), 'easel-served-loras-'));
  onTestFinished(() => rm(data, { recursive: true }));
  await mkdir(join(data, 'loras'));
  await copyFile(join(goldens, 'loras/older.safetensors'), join(data, 'loras/oil.safetensors'));
  await writeFile(join(data, 'loras/broken.safetensors'), 'no tensors');
  await writeFile(join(data, 'secret.safetensors'), '');
  const messages: string[] = [];
  const named = { ink: { path: join(goldens, 'loras/peft.safetensors'), anyBase: true } };
  const loras = new ServedLoras(loraSources(data, named), join(goldens, 'model'), {}, ({ message }) =>
    messages.push(message),
  );
  await loras.refresh();
  return { data, loras, messages };
}

test('a model offers the LoRAs of the folder and of the settings that fit it, and the log says why others do not', async () => {
  const { data, loras, messages } = await served();
  expect(loras.cards.loras.map(({ name }) => name)).toEqual(['oil', 'ink']);
  expect(messages).toEqual([expect.stringMatching(/^the LoRA broken is not offered: /)]);
  expect(messages[0]).not.toContain(data);
  const [oil, ink] = await loras.requests([{ name: 'oil', weight: 0.5 }, { name: 'ink' }]);
  expect(oil).toEqual({ file: join(data, 'loras/oil.safetensors'), weight: 0.5 });
  expect(ink).toEqual({ file: join(goldens, 'loras/peft.safetensors'), weight: 1, anyBase: true });
});

test.each(['../secret', 'loras/oil', 'oil.safetensors', '', '/etc/passwd', 'OIL'])(
  'a request that names %j gets no file, but the names that there are',
  async (name) => {
    const { loras } = await served();
    expect(faultOfLoras([{ name: 'oil' }, { name }], loras.cards)).toEqual({
      param: 'loras',
      message: expect.stringMatching(
        /^loras\[1\]\.name must be a LoRA of the model \(got .*\): (did you mean oil\? )?the model has oil, ink$/,
      ),
    });
    await expect(loras.requests([{ name }])).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

test('a LoRA that does not fit is refused with the reason', async () => {
  const { loras } = await served();
  expect(faultOfLoras([{ name: 'broken' }], loras.cards)?.message).toMatch(/^loras\[0\]: broken/);
});

test('the settings may name what was pulled, and what is not there is told of, not offered', async () => {
  const home = await mkdtemp(join(tmpdir(), 'easel-pulled-loras-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const repo = join(home, '.cache/huggingface/hub/models--latent-consistency--lcm-lora-sdxl');
  const snapshot = join(repo, 'snapshots', 'a'.repeat(40));
  await mkdir(snapshot, { recursive: true });
  await mkdir(join(repo, 'refs'));
  await writeFile(join(repo, 'refs/main'), 'a'.repeat(40));
  await copyFile(join(goldens, 'loras/peft.safetensors'), join(snapshot, 'pytorch_lora_weights.safetensors'));
  const messages: string[] = [];
  const sources = loraSources(home, { quick: 'lcm-lora-sdxl', other: 'hyper-sd-2step-lora' }, { HOME: home });
  const loras = new ServedLoras(sources, join(goldens, 'model'), {}, ({ message }) => messages.push(message));
  await loras.refresh();
  expect(loras.cards.loras).toMatchObject([
    {
      name: 'quick',
      notices: expect.arrayContaining([
        expect.stringMatching(/latent-consistency\/lcm-lora-sdxl is LCM, made for 4 to 8 steps/),
      ]),
    },
  ]);
  expect(messages).toEqual([expect.stringMatching(/^the LoRA other is not offered/)]);
});
