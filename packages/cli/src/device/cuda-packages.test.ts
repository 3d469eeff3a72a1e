import { basename } from 'node:path';
import { runtimeVersion } from '@easel/engine';
import { expect, test } from 'vitest';
import { cudaPackages } from './cuda-packages.ts';
import { authorizationFor, packageIndex } from './package-index.ts';

test('the CUDA provider is of the version of the runtime that Easel uses', () => {
  expect(cudaPackages.find(({ name }) => name === 'onnxruntime-gpu')?.version).toBe(runtimeVersion());
});

test('every package is pinned to one file for Linux x64, and no two libraries get one name', () => {
  for (const { name, version, file, sha256, bytes, keptBytes } of cudaPackages) {
    expect(file.startsWith(`${name.replaceAll('-', '_')}-${version}-`)).toBe(true);
    expect(file).toMatch(/manylinux\w+_x86_64\.whl$/);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(keptBytes).toBeGreaterThan(bytes / 4);
  }
  const names = cudaPackages.flatMap(({ libraries }) => libraries.map((member) => basename(member)));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining(['libcublasLt.so.13', 'libcudart.so.13', 'libcudnn.so.9', 'libcurand.so.10']),
  );
});

test('the index is that of the option, else that of pip, else PyPI', () => {
  const pip = { PIP_INDEX_URL: 'https://mirror.example/simple/' };
  expect(packageIndex('http://a.example/simple', pip).address.href).toBe('http://a.example/simple/');
  expect(packageIndex(undefined, pip).address.href).toBe('https://mirror.example/simple/');
  expect(packageIndex(undefined, { PIP_INDEX_URL: '' }).address.href).toBe('https://pypi.org/simple/');
});

test.each(['mirror', 'ftp://me:secret@mirror.example/', 'file:///srv/simple', ''])('%j is no index', (address) => {
  expect(() => packageIndex(address, {})).toThrow(/^--index must be an address that starts with https/);
});

test('a password goes to the index only', () => {
  const index = packageIndex('https://me:p%40ss@mirror.example/simple', {});
  expect(index.address.href).toBe('https://mirror.example/simple/');
  const sent = { authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` };
  expect(authorizationFor(new URL('https://mirror.example/files/a.whl'), index)).toEqual(sent);
  for (const other of ['http://mirror.example/', 'https://files.example/', 'https://mirror.example:8443/']) {
    expect(authorizationFor(new URL(other), index)).toEqual({});
  }
});
