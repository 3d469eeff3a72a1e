import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';
import { modelOfSide } from '../support/model-of-side.ts';
import { pythonWith, reasonWithoutPython } from '../support/python-venv.ts';

const script = (name: string) => fileURLToPath(new URL(`python/${name}`, import.meta.url));
const reason = await reasonWithoutPython();

describe.skipIf(reason !== undefined)(`clients in Python${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let python: string;
  let server: EaselServer;
  beforeAll(async () => {
    python = await pythonWith(script('requirements.txt'));
  }, 600_000);
  afterAll(() => server.stop());

  async function passes(name: string): Promise<void> {
    const env = { ...process.env, URL: server.url, KEY: server.devKey };
    const { stdout } = await promisify(execFile)(python, [script(name)], { env }).catch((error: Error) => {
      throw new Error(`${error.message}\n${server.output()}`);
    });
    expect(stdout).toMatch(/ok\n$/);
  }

  describe('with the defaults', () => {
    beforeAll(async () => {
      server = await serveEasel();
    });
    test('segmind 1.3.0: synchronous, asynchronous, refusals', () => passes('segmind_client.py'));
    test('openai: plain, streaming, error classes', () => passes('openai_client.py'));
  });

  describe('with the later base64 default, and a model of the size that the client asks for', () => {
    let model: string;
    beforeAll(async () => {
      await server.stop();
      model = await modelOfSide(1024);
      server = await serveEasel({ env: { EASEL_SEGMIND_BASE64_DEFAULT: 'false', EASEL_MODEL: model } });
    });
    afterAll(() => rm(model, { recursive: true, force: true }));
    test('segmindapi 0.3.0: numbers as text, bytes as the reply', () => passes('segmindapi_client.py'), 600_000);
  });
});
