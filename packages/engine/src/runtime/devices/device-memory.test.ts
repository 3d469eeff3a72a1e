import { expect, test } from 'vitest';
import { type Card, cardEnvironment } from './cards.ts';
import { memoryAmong } from './device-memory.ts';

const integrated: Card = { index: 0, name: 'AMD 1002:1681', address: '0000:00:08.0', memoryBytes: 512 * 2 ** 20 };
const nvidia: Card = { index: 1, name: 'RTX 4070', address: '0000:01:00.0', memoryBytes: 12e9, uuid: 'GPU-1' };
const amd: Card = { index: 2, name: 'AMD 1002:73bf', address: '0000:03:00.0', memoryBytes: 16e9 };
const untold: Card = { index: 3, name: 'Intel 8086:56a0', address: '0000:04:00.0' };

test('of several cards the smallest counts; integrated graphics, and those that do not tell, do not', () => {
  expect(memoryAmong([integrated, nvidia, amd, untold], 'webgpu', {})).toBe(12e9);
  expect(memoryAmong([amd, integrated], 'webgpu', {})).toBe(16e9);
  expect(memoryAmong([integrated, untold], 'webgpu', {})).toBeUndefined();
  expect(memoryAmong([], 'webgpu', {})).toBeUndefined();
});

test("CUDA has NVIDIA's cards only", () => {
  expect(memoryAmong([nvidia, { ...amd, memoryBytes: 8e9 }], 'cuda', {})).toBe(12e9);
  expect(memoryAmong([amd], 'cuda', {})).toBeUndefined();
});

test('a card that the environment chooses is that one', () => {
  const larger: Card = { ...nvidia, index: 4, address: '0000:05:00.0', memoryBytes: 24e9, uuid: 'GPU-2' };
  expect(memoryAmong([nvidia, larger], 'cuda', cardEnvironment(larger))).toBe(24e9);
  expect(memoryAmong([nvidia, amd], 'webgpu', cardEnvironment(amd))).toBe(16e9);
  expect(memoryAmong([nvidia, larger], 'cuda', { CUDA_VISIBLE_DEVICES: 'MIG-unknown' })).toBe(12e9);
});
