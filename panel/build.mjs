// Builds the panel: one script, one style sheet, one page, into the folder named (dist when none is).
//
//   node build.mjs [FOLDER]
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const MOST_BYTES = 150 * 1024; // of all files, compressed

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, 'dist');

mkdirSync(out, { recursive: true });
await build({
  entryPoints: { panel: join(here, 'src/main.tsx') },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'], // light-dark()
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(here, name), join(out, name));
copyFileSync(join(here, 'node_modules/preact/LICENSE'), join(out, 'preact-licence.txt'));

const size = readdirSync(out).reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name))).length, 0);
if (size > MOST_BYTES) {
  console.error(`the panel has ${size} bytes compressed; ${MOST_BYTES} are allowed`);
  process.exit(1);
}
