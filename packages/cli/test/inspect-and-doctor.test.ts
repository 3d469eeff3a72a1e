import { readdirSync } from 'node:fs';
import type { DeviceReport } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { swiftShader, tooLong } from '../../../tests/support/software-device.ts';
import { runEasel, temporaryFolder } from './run-easel.ts';

describe('easel model inspect', () => {
  it('says what the embedded model is, for people', async () => {
    const { status, stdout, stderr } = await runEasel(['model', 'inspect', 'demo'], { cwd: temporaryFolder() });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^demo: Playground v2\.5/);
    expect(stdout).toMatch(/licence +mit \(/);
    expect(stdout).toContain('Trained on Fluent Emoji, Copyright (c) Microsoft Corporation, MIT License');
    expect(stdout).toMatch(/unet +\d+\.\d\d M +\d+\.\d MB {2}F16/);
    expect(stdout).toContain('✓ complete');
  });

  it('says it for programs', async () => {
    const { status, stdout } = await runEasel(['model', 'inspect', 'demo', '--json'], { cwd: temporaryFolder() });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'demo',
      loadable: true,
      layout: 'diffusers',
      licence: { name: 'mit' },
      defaults: { steps: 25, scheduler: 'edm_dpmpp_2m' },
      components: ['text_encoder', 'text_encoder_2', 'unet', 'vae'].map((name) => ({ name, precision: 'F16' })),
      problems: [],
    });
  });
});

describe('easel doctor', () => {
  it('makes a picture, leaves nothing in the folder, and is content', async () => {
    const cwd = temporaryFolder();
    const { status, stdout } = await runEasel(['doctor', '--json'], {
      cwd,
      env: { XDG_CACHE_HOME: temporaryFolder() },
    });
    const { ok, findings } = JSON.parse(stdout);
    expect(findings.filter((finding: { ok: boolean }) => !finding.ok)).toEqual([]);
    expect({ status, ok }).toEqual({ status: 0, ok: true });
    const memory = findings.find((finding: { check: string }) => finding.check === 'memory');
    expect(memory.values.totalBytes).toBeGreaterThan(memory.values.freeBytes);
    expect(findings.map((finding: { check: string }) => finding.check)).toEqual(
      expect.arrayContaining([
        'node',
        'memory',
        'disk',
        'cache',
        'cards',
        'devices',
        'device',
        'features',
        'compute',
        'profile',
        'engine',
        'picture',
      ]),
    );
    const found = (check: string) => findings.find((finding: { check: string }) => finding.check === check);
    expect(found('cards').values.count).toBeGreaterThanOrEqual(0);
    expect(found('cores').values.threads).toBeGreaterThan(0);
    expect(found('compute').values.exactGigaflops).toBeGreaterThan(0);
    expect(found('compute').values.gain).toBeGreaterThan(0);
    expect(found('profile').values.recommended).toMatch(/^(exact|int8)$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('tells which devices can be used, what auto takes and why, and all that the probe has found', async ({ skip }) => {
    const reason = swiftShader.missing ?? tooLong;
    if (reason !== undefined) skip(reason);
    const env = { XDG_CACHE_HOME: temporaryFolder(), EASEL_DEVICE: '', ...(await swiftShader.environment()) };
    const { status, stdout } = await runEasel(['doctor', '--json'], { cwd: temporaryFolder(), env });
    expect(status).toBe(0);
    const { findings, devices } = JSON.parse(stdout);
    const names = devices.map(({ name, isSupported }: DeviceReport) => [name, isSupported]);
    expect(names).toEqual([
      ['webgpu', true],
      ['cuda', true],
      ['directml', false],
      ['coreml', false],
    ]);
    expect(devices[0]).toMatchObject({ usable: true, form: { attention: 'plain', stored: ['float32'] } });
    expect(devices[0].checks.length).toBeGreaterThan(12);
    const told = findings.filter(({ check }: { check: string }) => check === 'devices');
    expect(told[0].detail).toMatch(
      /^WebGPU \(webgpu\) can be used: [\d.]+ GFLOP\/s, the CPU \d+ GFLOP\/s; weights in float32 only/,
    );
    const auto = findings.find(({ check }: { check: string }) => check === 'device');
    expect(auto.values).toEqual({ setting: 'auto', device: 'cpu' });
    expect(told.map(({ absent = false }) => absent)).toEqual([false, true]);
    expect(auto.detail).toMatch(
      /^auto takes CPU \(cpu\): WebGPU is not used: it reaches [\d.]+ GFLOP\/s, the CPU \d+ GFLOP\/s/,
    );
  });

  it('measures a pass of the given model, and tells the time of a picture in every profile, its memory, and what would be faster', async () => {
    const env = { XDG_CACHE_HOME: temporaryFolder(), EASEL_DEVICE: 'cpu' };
    const { status, stdout } = await runEasel(['doctor', '--json', '--model', 'demo'], { cwd: temporaryFolder(), env });
    expect(status).toBe(0);
    const { findings } = JSON.parse(stdout);
    const valuesOf = (check: string) => findings.find((finding: { check: string }) => finding.check === check).values;
    const estimate = valuesOf('estimate');
    expect(estimate).toMatchObject({ width: 256, height: 256, steps: expect.any(Number) });
    for (const time of [estimate.exactMs, estimate.int8Ms, estimate.fastMs]) expect(time).toBeGreaterThan(0);
    const needs = valuesOf('needs');
    expect(needs.exactBytes).toBeGreaterThan(1e8);
    expect(needs.availableBytes).toBeGreaterThan(needs.exactBytes);
    const measured = valuesOf('measured');
    expect(measured).toMatchObject({
      device: 'cpu',
      width: 256,
      steps: 25,
      measuredWidth: 256,
      measured: 'exact, int8',
    });
    expect(measured.exactMs).toBeGreaterThan(24 * measured.exactStepMs);
    expect(measured.fastMs).toBeLessThan(measured.int8Ms);
    expect(valuesOf('faster').decodeShare).toBeGreaterThan(0);
    const checks = findings.map(({ check }: { check: string }) => check);
    expect(checks.filter((check: string) => check === 'profile')).toHaveLength(1);
  });

  it('does not load the model with --no-measure', async () => {
    const env = { XDG_CACHE_HOME: temporaryFolder() };
    const args = ['doctor', '--json', '--no-measure', '--model', 'demo'];
    const { status, stdout } = await runEasel(args, { cwd: temporaryFolder(), env });
    expect(status).toBe(0);
    const checks = JSON.parse(stdout).findings.map(({ check }: { check: string }) => check);
    expect(checks).toEqual(expect.arrayContaining(['estimate', 'needs', 'profile']));
    expect(checks).not.toContain('measured');
  });

  it('tells of a model that does not exist with a remedy, and goes on', async () => {
    const env = { XDG_CACHE_HOME: temporaryFolder() };
    const { status, stdout } = await runEasel(['doctor', '--model', 'no/such'], { cwd: temporaryFolder(), env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/✗ estimate .*no\/such/);
    expect(stdout).toMatch(/✓ picture/);
  });

  it.each(['/dev/null', '/proc/no/folder'])(
    'shows what is wrong with a remedy, and ends with status 1: %s',
    async (cache) => {
      const { status, stdout } = await runEasel(['doctor'], { cwd: temporaryFolder(), env: { XDG_CACHE_HOME: cache } });
      expect(status).toBe(1);
      expect(stdout).toMatch(/✗ cache .*\n +set XDG_CACHE_HOME to a writable folder/);
      expect(stdout).toMatch(/✓ picture/);
    },
  );
});
