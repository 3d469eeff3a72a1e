import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Writes a `.br` and a `.gz` next to each file, so that the server need not compress them for each request. */
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(join(dir, 'assets'))) {
        const file = join(dir, 'assets', name);
        const bytes = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(bytes));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** Sets the theme before the first frame: the page's module runs too late for that. */
const firstPaint = `try {
  document.documentElement.dataset.theme = localStorage.getItem('easel.theme') ?? 'system';
} catch {
  // Without storage the page uses the theme of the system.
}
`;

/** Emits that script as a file: the content security policy of the page forbids inline scripts. */
function beforeFirstPaint(): Plugin {
  return {
    name: 'before-first-paint',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'asset', name: 'first-paint.js', source: firstPaint });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) => {
        const file = Object.keys(bundle).find((name) => name.startsWith('assets/first-paint'));
        return file === undefined ? [] : [{ tag: 'script', attrs: { src: `/${file}` }, injectTo: 'head-prepend' }];
      },
    },
  };
}

const start = new Set<string>();

/**
 * Finds everything that the page needs at its start, for one script. By itself the bundler makes one of each module that is also used by a
 * part that is loaded later, twenty of them, for which a browser waits in turn where the server is far away.
 */
function findStart(): Plugin {
  return {
    name: 'find-start',
    apply: 'build',
    buildStart() {
      start.clear();
    },
    buildEnd() {
      for (const id of this.getModuleIds()) if (this.getModuleInfo(id)?.isEntry) start.add(id);
      for (const id of start) for (const imported of this.getModuleInfo(id)?.importedIds ?? []) start.add(imported);
    },
  };
}

const icons = [
  { file: 'easel-192.png', sizes: '192x192', purpose: 'any' },
  { file: 'easel-512.png', sizes: '512x512', purpose: 'any' },
  { file: 'easel-maskable-512.png', sizes: '512x512', purpose: 'maskable' },
] as const;

/** Emits the web app manifest, with which browsers install the page as an app, and its icons, all named by their content. */
function webManifest(): Plugin {
  const emitted = new Map<string, string>();
  let manifest = '';
  return {
    name: 'web-manifest',
    apply: 'build',
    buildStart() {
      for (const { file } of icons) {
        const source = readFileSync(join(import.meta.dirname, 'src', 'install', file));
        emitted.set(file, this.emitFile({ type: 'asset', name: file, source }));
      }
    },
    generateBundle() {
      const source = JSON.stringify({
        name: 'Easel',
        short_name: 'Easel',
        description: 'Self-hosted image generation',
        id: '/',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        background_color: '#faf7f2',
        theme_color: '#fffdfa',
        icons: icons.map(({ file, sizes, purpose }) => ({
          src: `/${this.getFileName(emitted.get(file) ?? '')}`,
          sizes,
          type: 'image/png',
          purpose,
        })),
      });
      manifest = this.getFileName(this.emitFile({ type: 'asset', name: 'easel.webmanifest', source }));
    },
    transformIndexHtml: {
      order: 'post',
      handler: () => [{ tag: 'link', attrs: { rel: 'manifest', href: `/${manifest}` }, injectTo: 'head' }],
    },
  };
}

/** The server serves this build under a content security policy without inline scripts and other hosts. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@easel/source', 'module', 'browser', 'development|production'] },
  plugins: [findStart(), beforeFirstPaint(), webManifest(), compress()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'react' } },
  build: {
    outDir: '../server/public/latest',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', test: (id) => start.has(id) }] } } },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8400', '/v1': 'http://127.0.0.1:8400' } },
});
