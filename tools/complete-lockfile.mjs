// Adds to package-lock.json the optional packages of other platforms that `npm install` has left out because the registry in use does not
// have them. `npm ci` refuses a lockfile without them; with them it skips them by their os and cpu. They carry no integrity.
//
//   node tools/complete-lockfile.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lockfile = JSON.parse(readFileSync(path, 'utf8'));

/** `@scope/binding-linux-x64-gnu` -> os, cpu and libc, as npm's packages of native code are named. */
function platformOf(name) {
  const [, os, cpu, abi] = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(\w+))?$/.exec(name) ?? [];
  if (os === undefined)
    throw new Error(`cannot tell the platform of ${name} from its name: add it to package-lock.json by hand`);
  return { os: [os], cpu: [cpu], ...(os === 'linux' && { libc: [abi?.startsWith('musl') ? 'musl' : 'glibc'] }) };
}

const added = {};
for (const [place, parent] of Object.entries(lockfile.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = place
      .split('/node_modules/')
      .map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
    const places = ['node_modules/', ...nested.map((folder) => `${folder}/node_modules/`)].map(
      (folder) => folder + name,
    );
    if (places.some((candidate) => candidate in lockfile.packages)) continue;
    const { dev, license, engines } = parent;
    added[`node_modules/${name}`] = {
      version,
      ...(dev && { dev }),
      license,
      optional: true,
      engines,
      ...platformOf(name),
    };
  }
}

const byPlace = ([a], [b]) => (a < b ? -1 : 1);
const [root, ...others] = Object.entries({ ...lockfile.packages, ...added });
lockfile.packages = Object.fromEntries([root, ...others.sort(byPlace)]);
writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
console.log(`added ${Object.keys(added).length}: ${Object.keys(added).join(' ')}`);
