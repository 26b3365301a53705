// Refuses changes of proto/ that break the contract of the last commit (`buf breaking`). Passes where there is no such commit.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const quiet = { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };

/** Changes that are not committed yet are compared with the last commit, else the last commit with the one before it. */
function lastCommit(): string {
  const { status } = spawnSync('git', ['diff', '--quiet', 'HEAD', '--', 'proto'], quiet);
  return status === 0 ? 'HEAD~1' : 'HEAD';
}

/** proto/ and buf.yaml of the reference as a tar archive; undefined where there is no repository, no commit or no proto/ in it. */
function archive(reference: string): Buffer | undefined {
  try {
    return execFileSync('git', ['archive', '--format=tar', reference, 'proto', 'buf.yaml'], { ...quiet, maxBuffer: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

// Or any other commit, e.g. origin/main.
const reference = process.argv[2] ?? lastCommit();
const tar = archive(reference);
if (tar === undefined) {
  console.log(`buf breaking: nothing to compare with at ${reference}`);
} else {
  const before = mkdtempSync(join(tmpdir(), 'redqueen-proto-'));
  try {
    execFileSync('tar', ['-x', '-C', before], { input: tar });
    const { status, error } = spawnSync('buf', ['breaking', '--against', before], { cwd: root, stdio: 'inherit' });
    if (error) throw error;
    if (status === 0) console.log(`buf breaking: proto/ breaks nothing of ${reference}`);
    process.exitCode = status ?? 1;
  } finally {
    rmSync(before, { recursive: true, force: true });
  }
}
