import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const cruiser = join(root, 'node_modules/.bin/depcruise');
const folders: string[] = [];

/** Every rule with a smallest tree that breaks it: file → source. */
const breakers: Record<string, Record<string, string>> = {
  'no-circular': { 'packages/core/src/a.ts': "import './b.ts';", 'packages/core/src/b.ts': "import './a.ts';" },
  'no-service-imports-a-service': {
    'services/executor/src/a.ts': "import '../../verifier/src/b.ts';",
    'services/verifier/src/b.ts': 'export {};',
  },
  'packages-do-not-import-services': {
    'packages/runtime/src/a.ts': "import '../../../services/policy/src/b.ts';",
    'services/policy/src/b.ts': 'export {};',
  },
  'contract-imports-nothing-of-ours': {
    'packages/contract/src/a.ts': "import '../../core/src/b.ts';",
    'packages/core/src/b.ts': 'export {};',
  },
  'core-is-pure': { 'packages/core/src/a.ts': "import 'node:fs';" },
  'core-imports-contract-only': { 'packages/core/src/a.ts': "import '../../runtime/src/b.ts';", 'packages/runtime/src/b.ts': 'export {};' },
  'llama-and-environments-import-core-only': {
    'packages/llama/src/a.ts': "import '../../runtime/src/b.ts';",
    'packages/runtime/src/b.ts': 'export {};',
  },
  'llama-does-not-know-environments': {
    'packages/llama/src/a.ts': "import '../../environments/src/b.ts';",
    'packages/environments/src/b.ts': 'export {};',
  },
  'environments-do-not-know-llama': {
    'packages/environments/src/a.ts': "import '../../llama/src/b.ts';",
    'packages/llama/src/b.ts': 'export {};',
  },
  'sdk-imports-contract-and-core-only': {
    'packages/sdk/src/a.ts': "import '../../runtime/src/b.ts';",
    'packages/runtime/src/b.ts': 'export {};',
  },
  'nats-only-in-the-bus': { 'services/gateway/src/a.ts': "import '@nats-io/transport-node';" },
  'grpc-only-in-rpc-contract-sdk': { 'services/gateway/src/a.ts': "import '@grpc/grpc-js';" },
  'models-code-only-in-the-sandbox': { 'services/executor/src/a.ts': "import 'quickjs-emscripten';" },
  'sandbox-imports-core-only': {
    'packages/sandbox/src/a.ts': "import '../../runtime/src/b.ts';",
    'packages/runtime/src/b.ts': 'export {};',
  },
  'native-only-in-llama': { 'services/policy/src/a.ts': "import 'koffi';" },
  'truth-only-in-the-verifier': {
    'services/executor/src/a.ts': "import '../../../packages/environments/src/truth.ts';",
    'packages/environments/src/truth.ts': 'export {};',
  },
  'truth-reaches-rewards-through-the-fence-alone': {
    'services/verifier/src/verifiers/a.ts': "import '../../../../packages/environments/src/truth.ts';",
    'packages/environments/src/truth.ts': 'export {};',
  },
  'step-side-does-not-know-truth': {
    'packages/environments/src/a.ts': "import './truth.ts';",
    'packages/environments/src/truth.ts': 'export {};',
  },
};

/** A tree with these files, the repository's rules and its installed packages. */
function treeOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  folders.push(folder);
  cpSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'));
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['packages', 'services']) mkdirSync(join(folder, name));
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), `${source}\n`);
  }
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('who may import whom', () => {
  const rules = execFileSync(
    process.execPath,
    ['-p', 'JSON.stringify(require("./.dependency-cruiser.cjs").forbidden.map((rule) => rule.name))'],
    { cwd: root, encoding: 'utf8' },
  );

  test('every rule has a tree that breaks it', () => {
    expect(Object.keys(breakers).sort()).toEqual((JSON.parse(rules) as string[]).sort());
  });

  test.for(Object.entries(breakers))('%s fails on a tree that breaks it', ([rule, files]) => {
    const result = spawnSync(cruiser, ['--config', '.dependency-cruiser.cjs', 'packages', 'services'], {
      cwd: treeOf(files),
      encoding: 'utf8',
    });
    expect(result.stdout).toContain(rule);
    expect(result.status).not.toBe(0);
  });

  test('no source, driver, reward term, gate, lineage or verifier reaches the truth', () => {
    const folders = [
      'proposer/src/sources',
      'executor/src/drivers',
      'reward-aggregator/src/terms',
      'policy/src/gate',
      'policy/src/lineages',
    ];
    const paths = [...folders, 'verifier/src/verifiers'].map((folder) => `services/${folder}/a.ts`);
    const files = paths.map((path) => [path, `import '${'../'.repeat(path.split('/').length - 1)}packages/environments/src/truth.ts';`]);
    const tree = treeOf({ ...Object.fromEntries(files), 'packages/environments/src/truth.ts': 'export {};' });
    const { stdout } = spawnSync(cruiser, ['--config', '.dependency-cruiser.cjs', 'packages', 'services'], { cwd: tree, encoding: 'utf8' });
    for (const path of paths) expect(stdout).toMatch(new RegExp(`(truth-only-in-the-verifier|fence-alone): ${path}`));
  });

  test('the repository itself keeps the rules', () => {
    const result = spawnSync(cruiser, ['--config', '.dependency-cruiser.cjs', 'packages', 'services'], { cwd: root, encoding: 'utf8' });
    expect(result.stdout).toContain('no dependency violations');
    expect(result.status).toBe(0);
  });
});
