/**
 * Puts the program's build into a few files, packages/mailanchor/dist/program: a module costs Node some 0.3 ms to find and load, and a
 * command would load over a hundred (docs/adr/0006-the-program-is-bundled.md). Commands stay apart, each loaded when it is asked for.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const program = fileURLToPath(new URL('../packages/mailanchor/dist/', import.meta.url));
const target = `${program}program`;

const bundle = await rolldown({
  input: `${program}main.js`,
  platform: 'node',
  // Used by long-running commands only: their load time is no matter, and they are packages of others.
  external: ['smtp-server', 'prom-client', /^nodemailer/, /^mailauth/],
});
rmSync(target, { recursive: true, force: true });
await bundle.write({ dir: target, format: 'esm', chunkFileNames: '[name].js', sourcemap: true });
await bundle.close();
