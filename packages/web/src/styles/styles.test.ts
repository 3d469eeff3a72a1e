import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(tsx?|css)$/.test(name) && !/\.test\.tsx?$/.test(name))
  .map((name) => resolve(root, name));
const text = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

const matches = (file: string, pattern: RegExp) =>
  [...(text.get(file) ?? '').matchAll(pattern)].map(([, part = '']) => part);
const importedBy = (file: string) =>
  matches(file, /^(?:import|export)\s(?!type\s)(?:[^'";]*\sfrom\s)?'(\.[^']+)'/gm).map((at) =>
    resolve(dirname(file), at),
  );
const loadedLaterBy = (file: string) =>
  matches(file, /\bimport\('(\.[^']+)'\)/g).map((at) => resolve(dirname(file), at));

/** What is loaded together with a module. */
function loadedWith(entry: string): Set<string> {
  const loaded = new Set([entry]);
  for (const file of loaded) for (const imported of importedBy(file)) loaded.add(imported);
  return loaded;
}

const styledBy = (sheet: string) => matches(sheet, /\.([a-z][\w-]*)(?=[^{}"]*\{)/gi);
const styled = new Set(files.filter((file) => file.endsWith('.css')).flatMap(styledBy));

/** The classes that the elements of a component have, as far as they are written out. */
function classesOf(component: string): string[] {
  const given = matches(component, /className=("[^"]*"|\{(?:[^{}]|\{[^{}]*\})*\})/g);
  const words = given.flatMap((value) => value.replaceAll(/\$\{[^}]*\}/g, ' ').match(/["'`][^"'`]*["'`]/g) ?? []);
  return words.flatMap((value) => value.match(/[a-z][\w-]*/gi) ?? []).filter((name) => styled.has(name));
}

test('every part of the page that is loaded on its own brings the styles of its elements with it', () => {
  const start = loadedWith(resolve(root, 'main.tsx'));
  const entries = [...new Set(files.flatMap(loadedLaterBy))];
  expect(entries.length).toBeGreaterThan(5);
  const unstyled = entries.flatMap((entry) => {
    const loaded = loadedWith(entry);
    const has = new Set([...start, ...loaded].flatMap((file) => (file.endsWith('.css') ? styledBy(file) : [])));
    const own = [...loaded].filter((file) => file.endsWith('.tsx') && !start.has(file));
    return own.flatMap((file) =>
      classesOf(file)
        .filter((name) => !has.has(name))
        .map((name) => `${relative(root, entry)}: .${name} of ${relative(root, file)}`),
    );
  });
  expect(unstyled).toEqual([]);
});
