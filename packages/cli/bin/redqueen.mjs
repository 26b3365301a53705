#!/usr/bin/env node
// Plain JavaScript that any Node from 20 on can read: it only makes sure that the rest runs on Node 24, which `npm ci` brings along on Linux.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = 24;
const here = dirname(fileURLToPath(import.meta.url));

/** The Node that came with the packages: the first one found from here upwards. */
function bundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'bin/node');
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; only what is sent to this process alone has to be handed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`redqueen: cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

if (Number(process.versions.node.split('.')[0]) >= wanted) {
  // Halves the time to the first line from the second start on.
  module.enableCompileCache?.();
  await import('../src/main.ts');
} else {
  const node = bundledNode();
  if (node) runOn(node);
  else {
    console.error(
      `redqueen needs Node ${wanted} or newer; this is ${process.version}. Run \`npm ci\` (it brings Node ${wanted} on Linux) or install it from https://nodejs.org`,
    );
    process.exit(2);
  }
}
