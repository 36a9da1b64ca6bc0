import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

import { precompress } from './scripts/precompress.ts';

const target = process.env['MUSTER_DEV_TARGET'] ?? 'http://127.0.0.1:4600';

export default defineConfig(({ mode }) => ({
  // Relative, so that one build serves any sub-path: `<base href>` decides.
  base: './',
  plugins: [svelte(), tailwindcss(), precompress()],
  // Vitest runs outside a browser's module graph: without this it would take Svelte's server build.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 250 },
  server: { proxy: { '/api': { target, ws: true, changeOrigin: false } } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
  },
}));
