import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests run on the sources: no build between an edit and its test. Tests that start the program use the build. */
const source = (name: string) => fileURLToPath(new URL(`packages/${name}/src/index.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '@mailanchor/dns': source('dns'),
      '@mailanchor/dnssec': source('dnssec'),
      '@mailanchor/dane': source('dane'),
      '@mailanchor/smtp': source('smtp'),
      '@mailanchor/lab': source('lab'),
    },
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 20_000,
  },
});
