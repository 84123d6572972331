import { availableParallelism } from 'node:os';
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
      '@mailanchor/nodemailer': source('nodemailer'),
    },
  },
  test: {
    // Tests that start programs wait more than they compute: two at a time even where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    reporters: ['default', './scripts/closing-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'packages',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/command/**/*.test.ts',
          ],
        },
      },
      {
        // Real name servers, resolvers and Postfix, raised once for all of them.
        extends: true,
        test: {
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          globalSetup: './test/peers/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
