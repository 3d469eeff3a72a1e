// A file has one idea: no TypeScript file above 500 lines; of the product's own files the median at most 100 and nine in ten at most 300.
// Generated code and, in the two averages, tests are left out.
import { globSync, readFileSync } from 'node:fs';

const limits = { longest: 500, median: 100, ninetieth: 300 };

const lines = (file) => readFileSync(file, 'utf8').split('\n').length - 1;
const all = globSync(['packages/*/{src,test}/**/*.{ts,tsx}', '{tests,bench,tools}/**/*.{ts,mjs}'])
  .filter((file) => !file.endsWith('_pb.ts'))
  .map((file) => ({ file, lines: lines(file) }))
  .sort((a, b) => b.lines - a.lines);
const product = all.filter(
  ({ file }) => file.startsWith('packages/') && /\/src\//.test(file) && !/\.test\.tsx?$/.test(file),
);

/** The smallest length that the given share of the files does not exceed; `product` is sorted from the longest down. */
const percentile = (share) => product[product.length - Math.ceil(share * product.length)]?.lines ?? 0;

const found = { longest: all[0]?.lines ?? 0, median: percentile(0.5), ninetieth: percentile(0.9) };
console.log(
  `${all.length} files, longest ${found.longest} lines; of ${product.length} product files: median ${found.median}, p90 ${found.ninetieth}`,
);
for (const { file, lines } of all.slice(0, 5)) console.log(`${String(lines).padStart(5)} ${file}`);

const exceeded = Object.keys(limits).filter((name) => found[name] > limits[name]);
for (const name of exceeded) console.error(`${name}: ${found[name]} lines, at most ${limits[name]} allowed`);
process.exitCode = exceeded.length > 0 ? 1 : 0;
