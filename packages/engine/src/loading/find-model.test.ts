import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../errors.ts';
import { modelsFolder } from '../folders.ts';
import { findModel } from './find-model.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'easel-models-'));
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'single.safetensors'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

function failure(name: string): EngineError {
  try {
    findModel(name, { EASEL_MODELS_DIR: folder });
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error(`${name} was found`);
}

describe('findModel', () => {
  it('knows the embedded model as demo, and by what it is called in replies', () => {
    expect(findModel('demo', {})).toBe(demoModelPath);
    expect(findModel('easel-demo', {})).toBe(demoModelPath);
  });

  it('takes an existing path as it is, relative or absolute', () => {
    expect(findModel(join(folder, 'mine'), {})).toBe(join(folder, 'mine'));
    expect(findModel(relative(process.cwd(), join(folder, 'mine')), {})).toBe(join(folder, 'mine'));
  });

  it('finds a bare name in the models folder, as a folder or as a single file', () => {
    const env = { EASEL_MODELS_DIR: folder };
    expect(findModel('mine', env)).toBe(join(folder, 'mine'));
    expect(findModel('single', env)).toBe(join(folder, 'single.safetensors'));
    expect(findModel('single.safetensors', env)).toBe(join(folder, 'single.safetensors'));
  });

  it('says what was looked for, where, and which names there are', () => {
    const error = failure('nowhere');
    expect(error.code).toBe('model_not_found');
    expect(error.message).toContain(join(process.cwd(), 'nowhere'));
    expect(error.message).toContain(join(folder, 'nowhere'));
    expect(error.remedy).toContain('demo, mine, single');
  });

  it.each([
    ['segmind/SSD-1B', /easel pull segmind\/SSD-1B$/],
    ['https://huggingface.co/segmind/SSD-1B', /easel pull segmind\/SSD-1B$/],
    ['https://example.org/model.safetensors', /download the files and give their path/],
    ['~/models/mine', /outside quotes: write the whole path/],
  ])('says of %s what helps', (name, help) => {
    expect(failure(name).remedy).toMatch(help);
  });

  it('says nothing about downloads of a path that is mistyped', () => {
    for (const name of ['./a/b', '/a/b', '../a', 'a']) expect(failure(name).remedy).not.toContain('download');
  });

  it('does not look outside the models folder for a name', () => {
    for (const name of ['../mine', 'sub/mine', '']) expect(failure(name).code).toBe('model_not_found');
  });

  it('looks in the home folder by default', () => {
    expect(modelsFolder({ HOME: '/home/a' })).toBe('/home/a/.local/share/easel/models');
    expect(modelsFolder({})).toBe(join(homedir(), '.local/share/easel/models'));
  });
});
