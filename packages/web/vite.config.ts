import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** A `.br` and a `.gz` beside each file, so that the server sends what is small without compressing it each time. */
function compressed(): Plugin {
  return {
    name: 'compressed',
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

/** Runs before the first frame, which otherwise has the system's colours: the page's module comes later. */
const firstPaint = `try {
  document.documentElement.dataset.theme = localStorage.getItem('easel.theme') ?? 'system';
} catch {
  // A browser that keeps nothing for this page shows the system's colours.
}
`;

/** The script of the first paint, as a file: the page's policy allows none in the document. */
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

/** The server serves what is built here, under a policy that allows no inline script and no other host. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@easel/source', 'module', 'browser', 'development|production'] },
  plugins: [beforeFirstPaint(), compressed()],
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
