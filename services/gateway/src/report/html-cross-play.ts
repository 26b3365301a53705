import type { CrossPlayCell, CrossPlayReport } from '@redqueen/core';

const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;

function cellHtml(cell: CrossPlayCell | undefined): string {
  if (!cell?.greedy) return `<td>${cell ? 'no task' : 'no answer'}</td>`;
  const sampled = cell.sampled ? `sampled ${percent(cell.sampled.value)}, ` : '';
  const shade = (0.06 + 0.5 * cell.greedy.value).toFixed(2);
  return `<td style="background:rgba(var(--heat),${shade})">${percent(cell.greedy.value)}<small>${sampled}n ${cell.greedy.count}</small></td>`;
}

/** The matrix as a table with shaded cells: a row an executor version, a column a proposer version. */
export function crossPlayHtml(report: CrossPlayReport | undefined): string {
  if (!report) return '<p class="empty">No versions were played against each other.</p>';
  const cellOf = (executor: number, proposer: number) =>
    report.cells.find((cell) => cell.executor === executor && cell.proposer === proposer);
  const head = report.proposers.map((version) => `<th>tasks of proposer v${version}</th>`).join('');
  const rows = report.executors.map(
    (executor) =>
      `<tr><th>executor v${executor}</th>${report.proposers.map((proposer) => cellHtml(cellOf(executor, proposer))).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="heat"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
