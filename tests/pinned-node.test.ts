import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('runs on the Node of package.json, not on that of the system, wherever npm has one for the platform', () => {
  const manifest: { optionalDependencies: Record<string, string> } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const pinned = manifest.optionalDependencies[`node-${platform}-${process.arch}`];
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (pinned !== undefined) expect(process.versions.node).toBe(pinned);
  else expect(major * 100 + minor, 'on another platform: 22.18 or newer').toBeGreaterThanOrEqual(2218);
});
