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

/** The server serves this build under a content security policy without inline scripts and other hosts. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@easel/source', 'module', 'browser', 'development|production'] },
  plugins: [beforeFirstPaint(), compress()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'react' } },
  build: {
    outDir: '../server/public/latest',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8400', '/v1': 'http://127.0.0.1:8400' } },
});
