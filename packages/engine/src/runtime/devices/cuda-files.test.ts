import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { childEnvironment } from '../../host/child-process.ts';
import { canLoad, cudaFiles, cudaProblem, runtimeVersion } from './cuda-files.ts';

/** Libraries as `easel device install cuda` leaves them. */
async function installed({ runtime = runtimeVersion() } = {}) {
  const devices = await temporaryFolder();
  const folder = join(devices, 'cuda');
  const path = join('lib', 'libcublas.so.13');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, path), 'library');
  const file = { path, bytes: 7, sha256: '0'.repeat(64) };
  const manifest = { runtime, packages: [{ name: 'nvidia-cublas', version: '13.1.0.3' }], files: [file] };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { folder, library: join(folder, path), env: { EASEL_DEVICES_DIR: devices, HOME: '/nowhere' } };
}

test('the engine finds installed libraries before all others', async () => {
  const { env, folder } = await installed();
  const lib = join(folder, 'lib');
  expect(cudaFiles(env)).toMatchObject({ state: 'installed', folder });
  expect(childEnvironment(env)).toMatchObject({ LD_LIBRARY_PATH: lib, EASEL_DEVICES_DIR: dirname(folder) });
  expect(childEnvironment({ ...env, LD_LIBRARY_PATH: '/a:/b' })).toMatchObject({ LD_LIBRARY_PATH: `${lib}:/a:/b` });
});

test('libraries for another version of the runtime are never loaded, and the reason names both versions', async () => {
  const { env } = await installed({ runtime: '1.2.3' });
  expect(childEnvironment(env)).not.toHaveProperty('LD_LIBRARY_PATH');
  expect(cudaProblem(env)).toEqual({
    reason: expect.stringMatching(new RegExp(`ONNX Runtime 1\\.2\\.3, .* uses ${runtimeVersion()}$`)),
    remedy: 'install them again: easel device install cuda',
  });
});

test.each<[string, (found: { folder: string; library: string }) => void, RegExp]>([
  ['with a library missing', ({ library }) => rmSync(library), /libcublas\.so\.13 is missing or incomplete/],
  ['with a library cut short', ({ library }) => truncateSync(library, 3), /libcublas\.so\.13 is missing or incomplete/],
  ['without a manifest', ({ folder }) => rmSync(join(folder, 'manifest.json')), /no valid manifest/],
  ['with half a manifest', ({ folder }) => truncateSync(join(folder, 'manifest.json'), 20), /no valid manifest/],
  ['with another manifest', ({ folder }) => writeFileSync(join(folder, 'manifest.json'), '{"files":[{}]}'), /no valid/],
])('an installation %s is not used, and the reason says what is wrong', async (_name, damage, reason) => {
  const found = await installed();
  damage(found);
  expect(childEnvironment(found.env)).not.toHaveProperty('LD_LIBRARY_PATH');
  expect(cudaProblem(found.env)).toMatchObject({ reason: expect.stringMatching(reason) });
});

test('where nothing is installed the remedy is the command that installs', async () => {
  const env = { EASEL_DEVICES_DIR: await temporaryFolder() };
  expect(cudaFiles(env)).toMatchObject({ state: 'absent' });
  expect(cudaProblem(env)?.remedy).toBe('run: easel device install cuda');
});

test.runIf(process.platform === 'linux')('a missing driver is told apart from one that is there', async () => {
  expect(canLoad('libm.so.6')).toBe(true);
  expect(canLoad('libnowhere.so.1')).toBe(false);
  const { env } = await installed();
  const problem = cudaProblem(env);
  expect(problem?.reason).toBe(
    canLoad('libcuda.so.1') ? undefined : "NVIDIA's driver is missing: the system has no libcuda.so.1",
  );
});
