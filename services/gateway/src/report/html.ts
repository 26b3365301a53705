import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figureKind, type AgentReport, type Conversation, type HeldOutRow, type RunReport } from '@redqueen/core';
import { conversationHtml } from './html-conversation.ts';
import { crossPlayHtml } from './html-cross-play.ts';
import { monitorsHtml } from './html-monitors.ts';
import { chartSvg, escapeHtml, type ChartLine } from './svg.ts';
import { changeText, countText, durationText, measuredText } from './words.ts';

const styleFile = join(import.meta.dirname, '../../web/style.css');

function section(title: string, lead: string, body: string): string {
  return `<section><div class="head"><h2>${escapeHtml(title)}</h2><p>${escapeHtml(lead)}</p></div>${body}</section>`;
}

function tile(name: string, value: string, note: string): string {
  return `<div class="tile"><div class="name">${escapeHtml(name)}</div><div class="value">${escapeHtml(value)}</div><div class="note">${escapeHtml(note)}</div></div>`;
}

function tiles(report: RunReport): string {
  const device = report.cost.device;
  return `<div class="tiles">${[
    tile('updates', `${report.updatesDone} of ${report.updates}`, `in ${durationText(report.elapsedSeconds)}`),
    tile(
      'attempts',
      countText(report.attempts.sampled),
      `${countText(report.settlements.settled)} episodes settled, ${countText(report.settlements.voided)} void`,
    ),
    tile(
      'tokens sampled',
      countText(report.tokens.sampled),
      `${countText(report.tokens.sampled / Math.max(1, report.elapsedSeconds))} a second`,
    ),
    tile(
      'tokens trained',
      countText(report.tokens.trained),
      `${countText(report.tokens.trained / Math.max(1, report.elapsedSeconds))} a second`,
    ),
    tile('staleness', report.staleness.mean.toFixed(2), `versions; at most ${report.staleness.largest}`),
    tile('idle', device?.idle === undefined ? 'unknown' : `${(device.idle.device * 100).toFixed(1)} %`, 'of the policy device’s lane time'),
    tile(
      'outside llama.cpp',
      device?.outsideNative === undefined ? 'unknown' : `${(device.outsideNative * 100).toFixed(1)} %`,
      'of the policy device’s busy time',
    ),
  ].join('')}</div>`;
}

function tableRow(row: HeldOutRow): string {
  const gain = row.higherIsBetter ? row.after.value - row.before.value : row.before.value - row.after.value;
  const tone = Math.abs(gain) < 1e-9 ? 'soft' : gain > 0 ? 'good' : 'bad';
  const place = row.family === '' ? row.environment : `${row.environment} · ${row.family}`;
  return `<tr class="${row.family === '' ? '' : 'family'}"><td>${escapeHtml(row.role)}</td><td>${escapeHtml(place)}</td><td>${escapeHtml(figureKind(row.figure).name)}</td><td class="n">${measuredText(row.figure, row.before)}</td><td class="n">${measuredText(row.figure, row.after)}</td><td class="n ${tone}">${changeText(row.figure, row.before.value, row.after.value)}</td><td class="n">${row.after.count}</td></tr>`;
}

function heldOutTable(rows: readonly HeldOutRow[]): string {
  if (rows.length === 0) return '<p class="empty">No held-out anchors were measured before the run ended.</p>';
  return `<div class="scroll"><table><thead><tr><th>role</th><th>where</th><th>figure</th><th class="n">before</th><th class="n">after</th><th class="n">change</th><th class="n">n</th></tr></thead><tbody>${rows.map(tableRow).join('')}</tbody></table></div>`;
}

function heldOutLines(agent: AgentReport): ChartLine[] {
  const names = [...new Set(agent.heldOut.flatMap((look) => look.figures.map(({ name }) => name)))].filter(
    (name) => !name.includes('.') && figureKind(name).percent,
  );
  return names.map((name, colour) => ({
    name: figureKind(name).name,
    colour,
    dots: true,
    points: agent.heldOut.flatMap((look) =>
      look.figures.filter((figure) => figure.name === name).map(({ value }) => ({ seconds: look.seconds, value })),
    ),
  }));
}

function lineages(report: RunReport): string {
  return `<div class="grid2">${report.agents
    .map((agent) =>
      chartSvg({
        title: `${agent.agent}: v${agent.version} · ${agent.released} released, ${agent.refused} refused, ${agent.rolledBack} rolled back`,
        lines: heldOutLines(agent),
        percent: true,
        marks: agent.marks.map((mark) => ({
          seconds: mark.seconds,
          kind: mark.event,
          title: `v${mark.version} ${mark.event} (${mark.reason}), +${mark.failToPass} −${mark.passToFail} gate anchors`,
        })),
      }),
    )
    .join('')}</div>`;
}

function rewards(report: RunReport): string {
  const agents = [...new Set(report.rewards.map(({ agent }) => agent))];
  if (agents.length === 0) return '<p class="empty">No reward was told.</p>';
  const lines = (agent: string) =>
    report.rewards.filter((entry) => entry.agent === agent).map(({ term, curve }, colour) => ({ name: term, colour, points: curve }));
  return `<div class="grid2">${agents.map((agent) => chartSvg({ title: agent, lines: lines(agent) })).join('')}</div>`;
}

function frontier(report: RunReport): string {
  const families = [...new Set(report.frontier.map(({ environment, family }) => `${environment} ${family}`))];
  const levels = [...new Set(report.frontier.map(({ level }) => level))].sort((a, b) => a - b);
  const cell = (key: string, level: number) => {
    const found = report.frontier.find((entry) => `${entry.environment} ${entry.family}` === key && entry.level === level);
    if (!found) return '<td></td>';
    const { solveRate, heldOutBefore, heldOutAfter } = found;
    const heldOut =
      heldOutBefore && heldOutAfter
        ? `held-out ${(heldOutBefore.value * 100).toFixed(0)} → ${(heldOutAfter.value * 100).toFixed(0)} %`
        : 'not held out';
    const shade = solveRate === undefined ? 0 : 0.06 + 0.5 * solveRate;
    return `<td style="background:rgba(var(--heat),${shade.toFixed(2)})">${solveRate === undefined ? 'not tried' : `${(solveRate * 100).toFixed(0)} %`}<small>${heldOut}</small></td>`;
  };
  const rows = families.map(
    (key) => `<tr><th>${escapeHtml(key.replace(' ', ' · '))}</th>${levels.map((level) => cell(key, level)).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="heat"><thead><tr><th></th>${levels.map((level) => `<th>level ${level}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function cost(report: RunReport): string {
  const { device, processes, firstUpdateSeconds } = report.cost;
  const memory = processes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const facts = [
    firstUpdateSeconds === undefined
      ? ''
      : `<p>First candidate version ${firstUpdateSeconds.toFixed(1)} s after the run’s first message.</p>`,
    device
      ? `<p>${escapeHtml(device.model)} on ${escapeHtml(device.backend)}, ${device.threads} threads; busy ${durationText(device.busySeconds)} (${Object.entries(
          device.secondsByWork,
        )
          .map(([work, seconds]) => `${escapeHtml(work)} ${durationText(seconds)}`)
          .join(', ')}).</p>`
      : '',
    processes.length === 0
      ? '<p class="soft">The processes of this cluster cannot be seen from here.</p>'
      : `<p>All processes together: ${(memory / 2 ** 20).toFixed(0)} MiB.</p>`,
  ];
  const rows = processes.map(
    ({ service, cpuSeconds, memoryBytes }) =>
      `<tr><td>${escapeHtml(service)}</td><td class="n">${cpuSeconds.toFixed(1)}</td><td class="n">${(memoryBytes / 2 ** 20).toFixed(0)}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<table><thead><tr><th>service</th><th class="n">processor seconds</th><th class="n">MiB</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return facts.join('') + table;
}

function episode(conversation: Conversation | undefined): string {
  return conversation ? conversationHtml(conversation) : '<p class="empty">No episode was settled.</p>';
}

/** How old the samples were, and how many were too old. */
function agingText({ trained, bound, dropped }: RunReport['staleness']): string {
  const sum = (of: (agent: (typeof trained)[number]) => number): number => trained.reduce((total, agent) => total + of(agent), 0);
  const [samples, beyond, leftOut] = [sum((agent) => agent.samples), sum((agent) => agent.beyond), sum((agent) => agent.leftOut)];
  return `of ${samples} samples trained on ${beyond} were more than ${bound} release(s) old; ${dropped + leftOut} were too old and left out`;
}

/** The report as one HTML file that needs nothing else: style and charts are inside. */
export function reportHtml(report: RunReport): string {
  const throughput = chartSvg({
    title: 'tokens, cumulative',
    lines: [
      { name: 'sampled', colour: 1, points: report.tokens.sampledCurve },
      { name: 'trained', colour: 2, points: report.tokens.trainedCurve },
    ],
  });
  const staleness = chartSvg({
    title: 'staleness in versions',
    lines: [{ name: 'moving mean', colour: 3, points: report.staleness.curve }],
  });
  const watched = monitorsHtml(report.monitors);
  const body = [
    tiles(report),
    report.error === '' ? '' : section('The run failed', report.error, ''),
    section('Before and after', 'held-out tasks that nobody trained on; 95 % Wilson intervals in brackets', heldOutTable(report.heldOut)),
    section('Held-out accuracy by lineage', '▲ released  ✕ refused  ◀ rolled back', lineages(report)),
    section('Rewards by term', 'moving means', rewards(report)),
    watched === '' ? '' : section('Monitors', 'what the recipe has watched, and the knobs it turned', watched),
    section('Frontier', 'share of right attempts in training, and held-out greedy accuracy', frontier(report)),
    section(
      'Executor against proposer',
      'right answers, greedy, at tasks that the proposer’s versions invent; first row and first column are the frozen opponents',
      crossPlayHtml(report.crossPlay),
    ),
    section('Staleness and throughput', agingText(report.staleness), `<div class="grid2">${staleness}${throughput}</div>`),
    section('One episode', 'who said what, what it earned, and why', episode(report.episode)),
    section('What it cost', '', cost(report)),
  ];
  const title = `Red Queen · ${report.recipe} · ${report.run}`;
  const lead = `${report.description} Seed ${report.seed}; ${report.status}; started ${report.startedAt}.`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${readFileSync(styleFile, 'utf8')}</style></head><body><header><h1><b>Red Queen</b> ${escapeHtml(report.recipe)} <span class="soft small mono">${escapeHtml(report.run)}</span></h1><p class="soft">${escapeHtml(lead)}</p></header><main>${body.join('\n')}</main><footer>Settlement chain head: <span class="mono">${escapeHtml(report.settlements.digest || 'none')}</span></footer></body></html>\n`;
}
