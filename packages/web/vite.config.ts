import { defineConfig } from 'vite';

/** The server serves what is built here, under a policy that allows no inline script and no other host. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@easel/source', 'module', 'browser', 'development|production'] },
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
