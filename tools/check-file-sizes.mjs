// What keeps the code readable, as numbers. A file has one idea: none above 500 lines; of the product's own files the median at most 120
// and nine in ten at most 300. Files are not cut finer than their ideas, either: their mean is at least 100 lines, with at least 18 lines per import. The
// product has at most 720: a new subject is new files, and the number is raised with it, not file by file. A function has at most 60 lines. Generated code and, but for the longest file, tests are left out.
import { globSync, readFileSync } from 'node:fs';
import { longFunctions, MAX_FUNCTION_LINES } from './long-functions.ts';

const atMost = { longest: 500, median: 120, ninetieth: 300 };
const atLeast = { linesPerImport: 18, mean: 100 };
const maxFiles = 720;

const countLines = (text) => text.split('\n').length - 1;
const countImports = (text) => (text.match(/^(?:import|export)\b[^;]*?\bfrom '|^import '/gm) ?? []).length;
const all = globSync(['packages/*/{src,test}/**/*.{ts,tsx}', '{tests,bench,tools}/**/*.{ts,mjs}'])
  .filter((file) => !file.endsWith('_pb.ts'))
  .map((file) => {
    const text = readFileSync(file, 'utf8');
    return { file, text, lines: countLines(text), imports: countImports(text) };
  })
  .sort((a, b) => b.lines - a.lines);
const product = all.filter(
  ({ file }) => file.startsWith('packages/') && /\/src\//.test(file) && !/\.test\.tsx?$/.test(file),
);

/** The smallest length that the given share of the files does not exceed; `product` is sorted from the longest down. */
const percentile = (share) => product[product.length - Math.ceil(share * product.length)]?.lines ?? 0;
const sum = (name) => product.reduce((total, file) => total + file[name], 0);

const found = {
  longest: all[0]?.lines ?? 0,
  median: percentile(0.5),
  ninetieth: percentile(0.9),
  linesPerImport: sum('lines') / Math.max(1, sum('imports')),
  mean: sum('lines') / Math.max(1, product.length),
};
console.log(
  `${all.length} files, longest ${found.longest} lines; of ${product.length} product files: median ${found.median}, ` +
    `p90 ${found.ninetieth}, mean ${found.mean.toFixed(0)}, ${found.linesPerImport.toFixed(1)} lines per import`,
);
for (const { file, lines } of all.slice(0, 5)) console.log(`${String(lines).padStart(5)} ${file}`);

const faults = [
  ...(product.length > maxFiles ? [`${product.length} product files, at most ${maxFiles} allowed`] : []),
  ...Object.entries(atMost)
    .filter(([name, limit]) => found[name] > limit)
    .map(([name, limit]) => `${name}: ${found[name]} lines, at most ${limit} allowed`),
  ...Object.entries(atLeast)
    .filter(([name, limit]) => found[name] < limit)
    .map(([name, limit]) => `${name}: ${found[name].toFixed(1)}, at least ${limit} required`),
  ...product.flatMap(({ file, text }) =>
    longFunctions(file, text).map(
      ({ name, line, lines }) => `${file}:${line}: ${name} has ${lines} lines, at most ${MAX_FUNCTION_LINES} allowed`,
    ),
  ),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
