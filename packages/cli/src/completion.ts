import type { Command } from 'commander';

/** Shells that completion scripts are made for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** One of them. */
export type Shell = (typeof shells)[number];

/** What may follow a command's words. */
interface Completions {
  /** The words that lead to it, e.g. "recipe list"; empty for the program itself. */
  readonly path: string;
  /** Subcommands and options. */
  readonly words: readonly string[];
}

/** Every command of the program with what may follow it, the program first. */
export function completionsOf(command: Command, path = ''): readonly Completions[] {
  const options = command.options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined && flag !== null));
  const words = [...command.commands.map((sub) => sub.name()), ...options, '--help'];
  const below = command.commands.flatMap((sub) => completionsOf(sub, path === '' ? sub.name() : `${path} ${sub.name()}`));
  return [{ path, words }, ...below];
}

/** The words typed so far, as far as they name a command: a bash function that prints the path. */
const bashPath = (known: readonly string[]): string => `
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path \${word}" in
${known.map((path) => `      " ${path}"|"${path}") path="${path}" ;;`).join('\n')}
    esac
  done`;

function bash(program: Command): string {
  const all = completionsOf(program);
  const known = all.map(({ path }) => path).filter((path) => path !== '');
  const cases = all.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`).join('\n');
  return `# redqueen completion bash >> ~/.bashrc
_redqueen() {${bashPath(known)}
  local words=""
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _redqueen redqueen
`;
}

function zsh(program: Command): string {
  return `# redqueen completion zsh >> ~/.zshrc\nautoload -U +X bashcompinit && bashcompinit\n${bash(program).split('\n').slice(1).join('\n')}`;
}

function fish(program: Command): string {
  const lines = completionsOf(program).map(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return `complete -c redqueen -n '${condition}' -a '${words.join(' ')}'`;
  });
  return `# redqueen completion fish > ~/.config/fish/completions/redqueen.fish\n${lines.join('\n')}\n`;
}

/** The script that teaches a shell the program's commands and options. */
export function completionScript(shell: Shell, program: Command): string {
  return { bash, zsh, fish }[shell](program);
}
