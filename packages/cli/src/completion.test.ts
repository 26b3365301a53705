import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript, completionsOf } from './completion.ts';
import { program } from './program.ts';

const script = completionScript('bash', program());

/** What bash offers for a line; an empty last word where it ends with a space. */
function offered(line: string): string[] {
  const words = line.split(' ').map((word) => JSON.stringify(word));
  const ask = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _redqueen; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion', () => {
  test('bash completes commands, subcommands and options, whatever options stand between', () => {
    expect(offered('redqueen re')).toEqual(expect.arrayContaining(['resume', 'report', 'recipe']));
    expect(offered('redqueen recipe ')).toEqual(expect.arrayContaining(['list', 'show', 'check']));
    expect(offered('redqueen run default --up')).toEqual(['--updates']);
    expect(offered('redqueen --gateway somewhere:1 recipe sh')).toEqual(['show']);
    expect(offered('redqueen nonsense-')).toEqual([]);
  });

  test('every command is in every script', () => {
    const paths = completionsOf(program()).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['', 'run', 'recipe list', 'dead list']));
    for (const shell of ['zsh', 'fish'] as const) {
      const text = completionScript(shell, program());
      for (const word of paths.flatMap((path) => path.split(' '))) expect(text).toContain(word);
    }
  });

  const fish = spawnSync('fish', ['--version']).status === 0;
  test.skipIf(!fish)('fish reads its script', () => {
    expect(spawnSync('fish', ['-n'], { input: completionScript('fish', program()) }).status).toBe(0);
  });
});
