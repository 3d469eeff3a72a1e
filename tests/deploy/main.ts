import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freshClone } from '../install/clone.ts';
import { pythonWith } from '../support/python-venv.ts';
import { applyDockerignore, buildStages, readDockerfile, type Stage } from './dockerfile.ts';

/**
 * What needs much time or rights, of the files in deploy/:
 *
 *   npm run test:deploy
 *
 * Validates the Kubernetes manifests against the schemas of several releases, carries out the Dockerfile's steps in plain folders that
 * debootstrap fills (as root, with debootstrap installed), and runs what comes out as the image would: as its own account, its files
 * read-only, without a network. It makes a picture and is stopped.
 */
const repository = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(repository, file), 'utf8');
const kubernetesVersions = ['1.30', '1.34', '1.37'];

/** Those that this machine trusts besides the usual ones, and where the steps find them. */
const certificates = process.env.NODE_EXTRA_CA_CERTS;
const certificatesInside = '/usr/local/share/certificates.pem';

const python = await pythonWith(join(import.meta.dirname, 'kubernetes.txt'));
for (const version of kubernetesVersions)
  for (const file of ['server', 'worker']) {
    const manifest = join(repository, `deploy/kubernetes/${file}.yaml`);
    execFileSync(python, ['-m', 'kubernetes_validate', '--strict', '-k', version, manifest], { stdio: 'inherit' });
  }
console.log(`the manifests fit Kubernetes ${kubernetesVersions.join(', ')}`);

// Below /var: the account of the image has to reach it, and /tmp may be small.
mkdirSync('/var/tmp', { recursive: true });
const folder = mkdtempSync('/var/tmp/easel-image-');
try {
  const context = freshClone(folder, 'context');
  applyDockerignore(context, read('.dockerignore'));
  const image = buildStages(readDockerfile(read('deploy/Dockerfile')), folder, {
    base,
    context,
    network: ownNetwork(),
    report: (line) => console.error(line),
  });
  const size = execFileSync('du', ['-sm', join(image.root, 'opt')], { encoding: 'utf8' });
  console.log(`the image's own part has ${Number.parseInt(size, 10)} MB`);
  runImage(image);
  console.log('the image made a picture without a network, with its files read-only, and stopped by itself');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** `debian:bookworm-slim` and `node:VERSION-bookworm-slim`. */
function base(name: string, root: string): void {
  const debian = join(folder, 'debian');
  if (!existsSync(debian)) {
    execFileSync('debootstrap', ['--variant=minbase', 'bookworm', debian], { stdio: ['ignore', 'ignore', 'inherit'] });
    copyFileSync('/etc/resolv.conf', join(debian, 'etc/resolv.conf'));
  }
  execFileSync('cp', ['-a', debian, root]);
  if (certificates !== undefined) copyFileSync(certificates, join(root, certificatesInside));
  const [, version] = /^node:([\d.]+)-bookworm-slim$/.exec(name) ?? [];
  if (version !== undefined) addNode(root, version);
  else if (name !== 'debian:bookworm-slim') throw new Error(`no root folder is known for the image ${name}`);
}

/** Node.js and its npm where the official image has them. */
function addNode(root: string, version: string): void {
  const place = join(folder, 'node');
  mkdirSync(place);
  const packages = [`node-linux-${process.arch}@${version}`, 'npm@11'];
  execFileSync('npm', ['install', '--prefix', place, '--no-audit', '--no-fund', '--ignore-scripts', ...packages]);
  const modules = join(root, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(join(place, 'node_modules/npm'), join(modules, 'npm'), { recursive: true, verbatimSymlinks: true });
  copyFileSync(join(place, `node_modules/node-linux-${process.arch}/bin/node`), join(root, 'usr/local/bin/node'));
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}

/** How this machine reaches npm's registry: its settings, with the certificates that it trusts. */
function ownNetwork(): Record<string, string> {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  if (certificates === undefined) return { npm_config_registry: registry };
  return {
    npm_config_registry: registry,
    NODE_EXTRA_CA_CERTS: certificatesInside,
    npm_config_cafile: certificatesInside,
  };
}

/** @throws Error when it does not become healthy, makes no picture, or does not end well */
function runImage({ root, env, user, workdir, command }: Stage): void {
  const key = `SG_${randomBytes(8).toString('hex')}`;
  const ask = `fetch('http://127.0.0.1:8400/v1/playground-v2.5', { method: 'POST', headers: { 'x-api-key': '${key}', 'content-type': 'application/json' }, body: JSON.stringify({ prompt: 'a red apple', base64: false }) })
    .then(async (reply) => { if (reply.status !== 200) throw new Error(await reply.text()); console.log(reply.headers.get('content-type'), (await reply.arrayBuffer()).byteLength, 'bytes'); })`;
  const quote = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const inside = (words: readonly string[]) =>
    `chroot --userspec=${user} "$root" ${quote(['env', '-C', workdir, ...words])}`;
  // Mounts, network and processes of its own, which end with it.
  const script = `set -eu
    root=$0
    ip link set lo up
    mount --bind "$root" "$root"
    mount -t tmpfs -o mode=0700,uid=10001,gid=10001 data "$root/data"
    mount -t tmpfs tmp "$root/tmp"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -o remount,ro,bind "$root"
    ${inside([...command.entrypoint, ...command.arguments])} &
    server=$!
    until ${inside(command.health)}; do kill -0 $server; sleep 1; done
    ${inside(['node', '-e', ask])}
    kill -TERM $server
    wait $server`;
  const variables = { ...env, HOME: workdir, EASEL_DEV_KEY: key, EASEL_LOG_LEVEL: 'warn' };
  execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-c', script, root], {
    env: variables,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
