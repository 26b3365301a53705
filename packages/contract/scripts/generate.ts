// Generates the contract's types from proto/ into packages/contract/gen (not committed).
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const out = join(root, 'packages/contract/gen');
const generator = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/proto-loader/package.json')),
  'build/bin/proto-loader-gen-types.js',
);
const files = readdirSync(join(root, 'proto/redqueen/v1')).filter((name) => name.endsWith('.proto'));

rmSync(out, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    generator,
    '--longs=Number',
    '--enums=String',
    '--defaults',
    '--oneofs',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.ts',
    '--targetFileExtension=.ts',
    `--includeDirs=${join(root, 'proto')}`,
    `--outDir=${out}`,
    ...files.map((name) => `redqueen/v1/${name}`),
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);
