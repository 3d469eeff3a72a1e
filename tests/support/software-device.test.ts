import { expect, test } from 'vitest';
import { runInChild, swiftShader } from './software-device.ts';

const child = new URL('./software-device-child.ts', import.meta.url);
const values = Float32Array.of(1, 2, 3);

test('a child process on the software device computes there what it is given', async ({ skip }) => {
  if (swiftShader.missing !== undefined) skip(swiftShader.missing);
  const { y } = await runInChild<{ y: Float32Array }>(child, { name: 'webgpu', values }, swiftShader);
  expect(y).toEqual(Float32Array.of(1, 4, 9));
});

test('without a device the same child fails, and its error is told', async () => {
  await expect(runInChild(child, { name: 'nothing', values })).rejects.toThrow(/ended with 1:[\s\S]*TypeError/);
});

test('a child without a device has the CPU', async () => {
  expect(await runInChild(child, { name: 'cpu', values })).toEqual({ y: Float32Array.of(1, 4, 9) });
});
