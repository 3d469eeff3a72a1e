import { EnginePainter } from '../../src/models/engine-painter.ts';

/** The embedded model, under the name that the tests' requests have and under one that no worker takes jobs of. */
export function openPainter(options: { readonly idleMs?: number } = {}): Promise<EnginePainter> {
  const models = [
    { slug: 'demo', model: 'demo' },
    { slug: 'unattended', model: 'demo' },
  ];
  return EnginePainter.open({
    models,
    easelVersion: 'test',
    env: process.env,
    threads: 1,
    onLog: () => {},
    ...options,
  });
}
