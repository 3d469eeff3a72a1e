import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

/** What readers stumble over, and what the field's tools say; docs/CONTRIBUTING.md has the glossary. */
const banned: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bdrawn by\b/i, 'model'],
  [/\banew\b/i, 'again; retry'],
  [/\brules? the\b/i, 'manage'],
  [/\bnobody answers\b/i, 'cannot reach the server'],
  [/\bnot to be had\b/i, 'not supported'],
  [/\bfor lack of work\b/i, 'idle'],
  [/\blet go\b/i, 'unload; release'],
  [/\bpictures? to start from\b|\bstart picture|\b(?:input|init) image/i, 'start image'],
  [/\bsigns? of life\b/i, 'heartbeat'],
  [/\b(?:squeezed|squashed)\b/i, 'distorted'],
  [/\bdraws? (?:one|a seed)\b/i, 'a random seed'],
  [/\bcan spend\b/i, 'available; balance'],
  [/\bbefore it in the queue\b/i, 'jobs ahead'],
  [/\bstrangers?\b/i, 'client; other user'],
];

function findBanned(text: string): string[] {
  return banned.flatMap(([phrase, instead]) => {
    const found = phrase.exec(text.replaceAll(/\s+/g, ' '))?.[0];
    return found === undefined ? [] : [`"${found}": say "${instead}"`];
  });
}

/** The texts of a program: strings, templates and what stands between tags, without comments and names. */
function textsOf(path: string, source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text);
    if (ts.isJsxText(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, false));
  return texts;
}

const read = (path: string) => readFileSync(join(repository, path), 'utf8');

test('phrases are found in strings, templates and pages, not in comments', () => {
  const source = `// drawn by
    const a = 'starts anew', b = \`\${a} is drawn
    by \${a}\`;
    const c = <p>Nobody answers</p>;`;
  expect(textsOf('x.tsx', source).flatMap(findBanned)).toEqual([
    '"anew": say "again; retry"',
    '"drawn by": say "model"',
    '"Nobody answers": say "cannot reach the server"',
  ]);
});

test('what users read in the programs is in plain English', () => {
  const files = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: repository }).filter(
    (path) => !/\.test\.tsx?$/.test(path),
  );
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((path) =>
    textsOf(path, read(path))
      .flatMap(findBanned)
      .map((each) => `${path}: ${each}`),
  );
  expect(found).toEqual([]);
});

test('the documents are in plain English', () => {
  const files = globSync(['README.md', 'CHANGELOG.md', 'docs/*.md', 'packages/*/README.md', 'examples/*.md'], {
    cwd: repository,
  });
  expect(files.length).toBeGreaterThan(15);
  // The glossary names the words that are not used.
  const prose = (path: string) =>
    read(path)
      .replace(/^## Glossary\n[\s\S]*?(?=^## )/m, '')
      .replaceAll(/\]\([^)]*\)/g, ']'); // addresses of links
  const found = files.flatMap((path) => findBanned(prose(path)).map((each) => `${path}: ${each}`));
  expect(found).toEqual([]);
});
