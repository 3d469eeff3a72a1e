/**
 * The direction of imports, as a check (`npm run check:layers`). Three tables say everything: which package may import which,
 * which folder of the engine may import which, and which folder is the only door to a library. Tests may import anything.
 */

/** package -> the workspace packages its sources may import. */
const packages = {
  errors: [],
  contract: ['errors'],
  parameters: ['contract', 'errors'],
  engine: ['parameters', 'demo-model', 'errors'],
  'demo-model': [],
  models: ['errors', 'embedded-postgres', 'engine', 'demo-model'],
  'embedded-postgres': ['errors'],
  server: ['embedded-postgres', 'errors', 'contract', 'parameters', 'engine', 'models'],
  client: ['contract'],
  cli: ['errors', 'contract', 'parameters', 'engine', 'models', 'demo-model', 'embedded-postgres', 'server', 'client'],
  web: ['client', 'contract', 'parameters'],
};

/** folder of packages/engine/src -> its sibling folders that it may import; above all of them stand `host` and the files beside them. */
const engineFolders = {
  random: [],
  sampling: [],
  tokenizer: [],
  onnx: [],
  image: [],
  weights: [],
  runtime: ['onnx', 'weights'],
  adapters: ['weights', 'runtime'],
  components: ['random', 'tokenizer', 'onnx', 'weights', 'runtime'],
  families: ['sampling', 'weights', 'runtime', 'components'],
  checkpoints: ['tokenizer', 'weights', 'components', 'families'],
  pipeline: ['random', 'sampling', 'image', 'runtime', 'adapters', 'components', 'families'],
  loading: [
    'tokenizer',
    'sampling',
    'weights',
    'runtime',
    'adapters',
    'components',
    'families',
    'checkpoints',
    'pipeline',
  ],
};

/** Files beside the engine's folders that every folder may import; they themselves know a folder only by its types. */
const shared = ['errors', 'model', 'device-info', 'profiles', 'json-config', 'model-files', 'file-kinds', 'folders'];

/** library -> the only place that imports it. */
const doors = {
  'onnxruntime-(node|common)': 'engine/src/runtime/',
  sharp: 'engine/src/image/',
  '@huggingface/tokenizers': 'engine/src/tokenizer/',
  '@huggingface/hub': 'models/src/hub/',
  aws4fetch: 'server/src/pictures/',
  '@bufbuild/protobuf': 'engine/src/onnx/',
  commander: 'cli/src/',
  'cli-progress': 'cli/src/',
  pg: 'server/src/database/',
  '@embedded-postgres/[^/]+': 'embedded-postgres/src/',
  kysely: 'server/src/(database|keys|credits|pictures|collections|webhooks|jobs|workers)/',
  'pg-boss': 'server/src/queue/',
  '(fastify|@fastify/[^/]+)': 'server/src/(http|surfaces)/',
  '(react|react-dom)': 'web/src/',
  vite: 'web/vite',
};

/** folder of packages/web/src -> its sibling folders that it may import; the views know none of each other. */
const webViews = ['playground', 'gallery', 'arena', 'console', 'reference'];
const webFolders = {
  format: [],
  settings: [],
  session: ['format'],
  files: ['settings'],
  runs: ['format', 'settings', 'session'],
  parts: ['format', 'settings', 'session', 'files', 'runs', 'styles'],
  editor: ['format', 'settings', 'session', 'files', 'runs', 'parts', 'styles'],
  viewer: ['format', 'settings', 'session', 'files', 'runs', 'parts', 'editor', 'styles'],
  collections: ['format', 'settings', 'session', 'files', 'runs', 'parts', 'styles'],
  queue: ['format', 'settings', 'session', 'runs', 'parts', 'styles'],
  ...Object.fromEntries(
    webViews.map((view) => [
      view,
      ['format', 'settings', 'session', 'files', 'runs', 'parts', 'editor', 'viewer', 'collections', 'styles'],
    ]),
  ),
};

/** Files beside the page's folders that every folder may import. */
const webShared = ['browser', 'router', 'shortcuts'];

/**
 * room of packages/server/src -> the other rooms that it may import, from the bottom up: every room imports only rooms above it in
 * this table. Over all of them stands composition.
 */
const serverFolders = {
  observability: [],
  database: [],
  keys: ['database'],
  webhooks: ['database', 'keys'],
  config: ['keys', 'webhooks'],
  credits: ['database', 'keys'],
  backup: ['database', 'config', 'credits'],
  pictures: ['database'],
  styles: ['database'],
  collections: ['database', 'keys'],
  models: ['config'],
  queue: ['database'],
  jobs: ['observability', 'database', 'keys', 'credits', 'pictures', 'collections', 'webhooks', 'models', 'queue'],
  workers: ['observability', 'database', 'keys', 'credits', 'pictures', 'webhooks', 'models', 'queue', 'jobs'],
  http: [
    'observability',
    'database',
    'keys',
    'credits',
    'pictures',
    'styles',
    'collections',
    'webhooks',
    'models',
    'jobs',
    'workers',
  ],
  surfaces: ['database', 'keys', 'credits', 'pictures', 'webhooks', 'models', 'jobs', 'workers', 'http'],
};

/** Files beside the server's folders that every folder may import. */
const serverShared = ['domain-error', 'startup-error', 'unless-aborted', 'ids', 'clock', 'room'];

const tests = '(\\.test\\.tsx?$)|(^packages/[^/]+/test/)|(^tests/)';
const sources = (packageName) => ({ path: `^packages/${packageName}/src/`, pathNot: tests });
const library = (name) => `(^|node_modules/)${name}(/|$)`;
const anyOf = (names) => `(${names.join('|')})`;

/** What `@easel/contract/fields` is made of. */
const contractFields = '^packages/contract/src/(request/(?!schemas)|picture/aspect-ratios|(fields|limits|seeds)\\.ts$)';

const forbid = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

const packageRules = Object.entries(packages).map(([name, allowed]) =>
  forbid(`package-${name}`, `${name} may import: ${allowed.join(', ') || 'no workspace package'}`, sources(name), {
    path: '^packages/',
    pathNot: `^packages/${anyOf([name, ...allowed])}/`,
  }),
);

const folderRule = (packageName, folder, allowed, files) =>
  forbid(
    `${packageName}-${folder}`,
    `${packageName}/src/${folder} may import: ${[...allowed, ...files].join(', ') || 'nothing else of its package'}`,
    { path: `^packages/${packageName}/src/${folder}/`, pathNot: tests },
    {
      path: `^packages/${packageName}/src/`,
      pathNot: `^packages/${packageName}/src/(${anyOf([folder, ...allowed])}/|${anyOf([...files, '-'])}\\.ts$)`,
    },
  );

const doorRules = Object.entries(doors).map(([name, door]) =>
  forbid(
    `door-${name.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '')}`,
    `${name} is imported only in packages/${door}`,
    { path: '^packages/[^/]+/src/', pathNot: `${tests}|^packages/${door}` },
    { path: library(name) },
  ),
);

module.exports = {
  forbidden: [
    ...packageRules,
    forbid(
      'package-unknown',
      'a new package needs a row in the table of .dependency-cruiser.cjs',
      { path: '^packages/', pathNot: `^packages/${anyOf(Object.keys(packages))}/` },
      { path: '^packages/' },
    ),
    forbid(
      'package-by-its-front-door',
      "another package is imported through its index.ts (the CLI's and the server's: main.ts; the contract's table of fields: fields.ts)",
      { path: '^packages/([^/]+)/src/', pathNot: tests },
      { path: '^packages/[^/]+/', pathNot: '^packages/($1/|[^/]+/src/(index|main)\\.ts$|contract/src/fields\\.ts$)' },
    ),
    ...Object.entries(engineFolders).map(([folder, allowed]) => folderRule('engine', folder, allowed, shared)),
    ...Object.entries(serverFolders).map(([folder, allowed]) => folderRule('server', folder, allowed, serverShared)),
    forbid(
      'server-surfaces-apart',
      "a surface is one folder and imports no other one's; the admin's shows some of what our own API shows",
      { path: '^packages/server/src/surfaces/([^/]+)/', pathNot: `${tests}|^packages/server/src/surfaces/admin/` },
      { path: '^packages/server/src/surfaces/', pathNot: '^packages/server/src/surfaces/$1/' },
    ),
    ...Object.entries(webFolders).map(([folder, allowed]) => folderRule('web', folder, allowed, webShared)),
    forbid(
      'web-unknown',
      'a new folder of the page needs a row in the table of its folders',
      {
        path: '^packages/web/src/[^/]+/',
        pathNot: `${tests}|^packages/web/src/${anyOf([...Object.keys(webFolders), 'styles'])}/`,
      },
      { path: '.' },
    ),
    forbid(
      'engine-shared',
      'what every folder imports may itself know a folder only by its types',
      { path: `^packages/engine/src/${anyOf(shared)}\\.ts$` },
      { path: '^packages/engine/src/[^/]+/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'engine-runtime-knows-onnx-by-type',
      'the runtime is handed a model; it builds none',
      { path: '^packages/engine/src/runtime/', pathNot: tests },
      { path: '^packages/engine/src/onnx/', dependencyTypesNot: ['type-only'] },
    ),
    forbid('engine-no-http', 'the engine knows nothing of HTTP', sources('engine'), {
      path: '^(node:)?(http|https|http2|tls|dns)(/|$)',
    }),
    forbid(
      'server-engine-behind-models',
      'only the subjects of models and pictures know the engine',
      { path: '^packages/server/src/(database|keys|credits|queue|jobs|workers|http|surfaces)/', pathNot: tests },
      { path: '^packages/(engine|models)/' },
    ),
    forbid('contract-typebox-only', 'the contract imports nothing but the errors and typebox', sources('contract'), {
      path: '.',
      pathNot: `^packages/(contract|errors)/|${library('typebox')}`,
    }),
    forbid(
      'client-no-dependencies',
      'the client runs everywhere: no library, and the contract only by its types',
      sources('client'),
      {
        path: '.',
        pathNot: '^packages/client/',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'parameters-no-dependencies',
      'it runs in browsers and in the engine: no library, nothing of Node.js, and besides the errors only the table of fields',
      sources('parameters'),
      {
        path: '.',
        pathNot: '^packages/(parameters/|errors/|contract/src/fields\\.ts$)',
      },
    ),
    forbid(
      'contract-fields-light',
      'the table of fields and what stands with it is data and plain functions: no library',
      { path: contractFields, pathNot: tests },
      { pathNot: contractFields, dependencyTypesNot: ['type-only'] },
    ),
    ...doorRules,
    forbid(
      'no-test-code-in-production',
      'what is shipped never imports tests, benches or tools',
      { path: '^packages/[^/]+/src/', pathNot: tests },
      { path: `${tests}|^bench/|^tools/` },
    ),
    forbid(
      'no-undeclared-dependencies',
      "what is shipped imports only the dependencies of its own package.json, and no package's devDependencies",
      { path: '^packages/[^/]+/src/', pathNot: tests },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'] },
    ),
    forbid(
      'no-dist',
      'sources import sources, never what was compiled from them',
      {},
      { path: '^packages/[^/]+/dist/' },
    ),
    forbid('no-cycles', 'two files that import each other are one file', {}, { circular: true }),
    forbid('no-unresolved', 'an import that leads nowhere', {}, { couldNotResolve: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '^(coverage|\\.cache|scratch|tests/fixtures|packages/server/public)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@easel/source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
