import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { EngineError, modelsFolder } from '@easel/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveModel } from './resolve-model.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'easel-models-'));
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'single.safetensors'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

function failure(name: string): EngineError {
  try {
    resolveModel(name, { EASEL_MODELS_DIR: folder });
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error(`${name} was found`);
}

describe('resolveModel', () => {
  it('knows the embedded model as demo', () => {
    expect(resolveModel('demo', {})).toBe(demoModelPath);
  });

  it('takes an existing path as it is, relative or absolute', () => {
    expect(resolveModel(join(folder, 'mine'), {})).toBe(join(folder, 'mine'));
    expect(resolveModel(relative(process.cwd(), join(folder, 'mine')), {})).toBe(join(folder, 'mine'));
  });

  it('finds a bare name in the models folder, as a folder or as a single file', () => {
    const env = { EASEL_MODELS_DIR: folder };
    expect(resolveModel('mine', env)).toBe(join(folder, 'mine'));
    expect(resolveModel('single', env)).toBe(join(folder, 'single.safetensors'));
    expect(resolveModel('single.safetensors', env)).toBe(join(folder, 'single.safetensors'));
  });

  it('says what was looked for, where, and which names there are', () => {
    const error = failure('nowhere');
    expect(error.code).toBe('model_not_found');
    expect(error.message).toContain(join(process.cwd(), 'nowhere'));
    expect(error.message).toContain(join(folder, 'nowhere'));
    expect(error.message).toContain('demo, mine, single');
  });

  it('does not look outside the models folder for a name', () => {
    for (const name of ['../mine', 'sub/mine', '']) expect(failure(name).code).toBe('model_not_found');
  });

  it('looks in the home folder by default', () => {
    expect(modelsFolder({ HOME: '/home/a' })).toBe('/home/a/.local/share/easel/models');
    expect(modelsFolder({})).toBe(join(homedir(), '.local/share/easel/models'));
  });
});
