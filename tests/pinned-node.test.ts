import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('runs on the Node of package.json, not on that of the system, wherever npm has one for the platform', () => {
  const manifest: { optionalDependencies: Record<string, string> } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const pinned = manifest.optionalDependencies[`node-${platform}-${process.arch}`];
  const [major] = process.versions.node.split('.').map(Number);
  if (pinned !== undefined) expect(process.versions.node).toBe(pinned);
  else expect(major, 'on another platform: 24 or newer').toBeGreaterThanOrEqual(24);
});
