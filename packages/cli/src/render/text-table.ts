/** How a column is laid out. */
export type Alignment = 'left' | 'right';

/** Rows as aligned text, two spaces between columns, the header underlined. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[], alignment: readonly Alignment[]): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (alignment[column] === 'right' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)];
}
