/** Text that stays inside one cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();
}

/** A Markdown table; columns named in `right` are aligned right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[], right: readonly string[] = []): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const rule = `|${header.map((name) => (right.includes(name) ? '---:|' : '---|')).join('')}`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** The comment at the top of a YAML file, as one paragraph. */
export function leadingComment(yaml: string): string {
  const lines = yaml.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const comment = lines.slice(0, end < 0 ? lines.length : end).filter((line) => !line.startsWith('# yaml-language-server'));
  return comment
    .map((line) => line.replace(/^#+ ?/, '').trim())
    .join(' ')
    .trim();
}
