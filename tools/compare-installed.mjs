// Whether npm has installed what package-lock.json asks for here: exit status 0 or 1.
// So an `npm ci` or `npm install` by hand is not repeated. That one came to its end is known by npm's own list, which it writes last; what is
// there is read from the packages. Runs on whatever Node.js npm runs on.
//
//   node tools/compare-installed.mjs             what Easel needs to run
//   node tools/compare-installed.mjs --tools     the development tools too
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const withTools = process.argv.includes('--tools');

const isFor = (list, value) => list === undefined || list.includes(value);
const isHere = ({ os, cpu }) => isFor(os, process.platform) && isFor(cpu, process.arch);

function isInstalled(place, { version, link, optional, devOptional }) {
  const manifest = new URL(`${place}/package.json`, root);
  if (!existsSync(manifest)) return Boolean(optional || devOptional); // npm may have had a reason to leave out an optional one
  if (link) return true;
  try {
    return JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  } catch {
    return false; // npm was cut while it wrote the file
  }
}

function isComplete() {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'));
  return Object.entries(packages)
    .filter(([place, wanted]) => place.includes('node_modules/') && isHere(wanted) && (withTools || !wanted.dev))
    .every(([place, wanted]) => isInstalled(place, wanted));
}

process.exitCode = existsSync(new URL('node_modules/.package-lock.json', root)) && isComplete() ? 0 : 1;
