// Refuses changes of proto/ that break the contract of the last commit (`buf breaking`). Passes where there is no such commit.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
// A commit may be checked against the one before it, or a branch against main.
const reference = process.argv[2] ?? 'HEAD';
const quiet = { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };

/** proto/ and buf.yaml of the reference as a tar archive; undefined where there is no repository, no commit or no proto/ in it. */
function archive(): Buffer | undefined {
  try {
    return execFileSync('git', ['archive', '--format=tar', reference, 'proto', 'buf.yaml'], { ...quiet, maxBuffer: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

const tar = archive();
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
