import { globSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

const repository = resolve(import.meta.dirname, '../..');

/** What examples take for granted. Everything else that they use is theirs, or exported by their file or package. */
const given: Readonly<Record<string, string>> = {
  pg: "import pg from 'pg';",
  readFile: "import { readFile } from 'node:fs/promises';",
  Type: "import { Type } from 'typebox';",
  writeFile: "import { writeFile } from 'node:fs/promises';",
  client: "declare const client: import('@easel/client').EaselClient;",
  easel: "declare const easel: import('@easel/client').EaselClient;",
  defaultDataDir: "import { defaultDataDir } from './data-folder.ts';",
  feed: "declare const feed: import('./job-feed.ts').JobFeed;",
  file: 'declare const file: Blob;',
  config: "declare const config: import('./config.ts').SamplingConfig;",
  denoise: "declare const denoise: import('./samplers/sampler.ts').Denoise;",
  jobId: 'declare const jobId: string;',
  noise: 'declare const noise: () => Float32Array;',
  model: "declare const model: import('@easel/engine').Model;",
  options: "declare const options: import('./surface.ts').HttpOptions;",
  picture: "declare const picture: import('@easel/engine').DecodedPicture;",
  send: 'declare const send: (id: bigint | null, event: unknown) => void;',
  services: "declare const services: import('./services.ts').HttpServices;",
  signal: 'declare const signal: AbortSignal;',
  surfaces: "declare const surfaces: readonly import('./surface.ts').Surface[];",
  database: "declare const database: import('./database.ts').Database;",
};

export interface CommentExample {
  /** Such as `packages/client/src/client.ts:17`. */
  readonly name: string;
  readonly file: string;
  readonly code: string;
}

/** The TypeScript of every `@example` of the packages; what is not TypeScript stands in a fence there. */
export function commentExamples(): CommentExample[] {
  const files = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: repository, exclude: ['**/*.test.*', '**/*_pb.ts'] });
  return files.sort().flatMap((file) => {
    const source = parsed(file, ts.sys.readFile(join(repository, file)) ?? '');
    const found = new Map<number, CommentExample>();
    const visit = (node: ts.Node): void => {
      for (const { tagName, comment, pos } of ts.getJSDocTags(node)) {
        const code = ts.getTextOfJSDocComment(comment) ?? '';
        if (tagName.text !== 'example' || code.startsWith('```')) continue;
        const { line } = source.getLineAndCharacterOfPosition(pos);
        found.set(pos, { name: `${file}:${line + 1}`, file, code });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return [...found.values()];
  });
}

/** What the compiler has against the examples, each as a module beside the file that it is in. */
export function faultsOf(examples: readonly CommentExample[]): string[] {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.base.json'), ts.sys.readFile);
  const strict = { noUnusedLocals: false, composite: false, noEmit: true, allowImportingTsExtensions: true };
  const dom = { lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'], jsx: 'react-jsx' };
  const settings = { ...config.compilerOptions, rewriteRelativeImportExtensions: false, ...strict, ...dom };
  const { options } = ts.convertCompilerOptionsFromJson(settings, repository);
  const modules = new Map(
    examples.map((example, index) => [
      join(repository, dirname(example.file), `example-${index}.ts`),
      { example, text: `${importsFor(example)}\nexport {};\n${example.code}\n` },
    ]),
  );
  const host = ts.createCompilerHost(options, true);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, target, ...rest) => {
    const own = modules.get(name);
    return own ? ts.createSourceFile(name, own.text, target, true) : getSourceFile(name, target, ...rest);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules].flatMap(([name, { example }]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .filter(({ file }) => file?.fileName === name)
      .map(({ messageText }) => `${example.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}

function importsFor({ file, code }: CommentExample): string {
  const own = exportedNames(file);
  const [, packageFolder = ''] = /^(packages\/[^/]+)\//.exec(file) ?? [];
  const ofPackage = exportedNames(`${packageFolder}/src/index.ts`);
  const declared = declaredNames(parsed('example.ts', code));
  const used = new Set(code.match(/[A-Za-z_$][\w$]*/g) ?? []);
  const imports = [...used].flatMap((name) => {
    if (declared.has(name)) return [];
    if (own.has(name)) return `import { ${name} } from './${file.split('/').at(-1)}';`;
    if (ofPackage.has(name)) return `import { ${name} } from '@easel/${packageFolder.split('/').at(-1)}';`;
    return given[name] ?? [];
  });
  return imports.join('\n');
}

function parsed(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if ((ts.isVariableDeclaration(node) || ts.isBindingElement(node)) && ts.isIdentifier(node.name))
      names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** By their own names: `export function f`, `export { f } from …`. */
function exportedNames(file: string): Set<string> {
  const source = parsed(file, ts.sys.readFile(join(repository, file)) ?? '');
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name)
      names.add(statement.name.text);
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) names.add(name.text);
  }
  return names;
}
