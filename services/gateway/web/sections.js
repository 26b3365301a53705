// The parts of the page, each from a run's report alone.
import { byId, element, nothing, renderOnce } from './dom.js';
import { bytes, changeText, count, duration, figureName, isPercent, measuredText, percent, signed } from './words.js';

function rowOf(report, role, figure) {
  return report.heldOut.find((row) => row.role === role && row.figure === figure && row.environment === 'all');
}

function tile(name, value, note, tone = '') {
  return element(
    'div',
    { class: 'tile' },
    element('div', { class: 'name' }, name),
    element('div', { class: `value ${tone}` }, value),
    element('div', { class: 'note' }, note),
  );
}

function rate(points) {
  const last = points.at(-1);
  const before = points.findLast((point) => point.seconds <= (last?.seconds ?? 0) - 10) ?? points[0];
  const gap = last && before ? last.seconds - before.seconds : 0;
  return gap > 0 ? (last.value - before.value) / gap : 0;
}

export function renderTiles(report) {
  const row = rowOf(report, 'executor', 'sampled');
  const change = row ? row.after.value - row.before.value : 0;
  byId('tiles').replaceChildren(
    tile(
      'held-out accuracy (T=1)',
      row ? percent(row.after.value) : '…',
      row ? `${changeText('sampled', change)} since the start, n=${row.after.count}` : 'the first look is under way',
      change > 0.005 ? 'good' : '',
    ),
    tile('updates', `${count(report.updatesDone)} of ${count(report.updates)}`, `in ${duration(report.elapsedSeconds)}`),
    tile(
      'attempts',
      count(report.attempts.sampled),
      `${count(report.settlements.settled)} episodes settled, ${count(report.settlements.voided)} void`,
    ),
    tile('tokens a second', count(rate(report.tokens.sampledCurve)), `sampled; ${count(rate(report.tokens.trainedCurve))} trained`),
    tile('staleness', report.staleness.mean.toFixed(2), `versions, at most ${report.staleness.largest}`),
    tile('in focus', report.focus || '…', 'where most new slots go'),
  );
}

export function lineageCharts(report) {
  return report.agents.map((agent) => {
    const names = [...new Set(agent.heldOut.flatMap((look) => look.figures.map(({ name }) => name)))].filter((name) => !name.includes('.'));
    // Shares alone read best in percent; next to a score all of them are plain numbers.
    const allShares = names.every(isPercent);
    return {
      key: agent.agent,
      title: `${agent.agent} · v${agent.version} · ${agent.released} released, ${agent.refused} refused, ${agent.rolledBack} rolled back`,
      percent: allShares,
      empty: 'The first look at the held-out tasks is under way.',
      marks: agent.marks.filter(({ reason }) => reason !== 'start'),
      lines: names.map((name, colour) => ({
        name: figureName(name),
        colour,
        dots: true,
        points: agent.heldOut.flatMap((look) =>
          look.figures.filter((figure) => figure.name === name).map(({ value }) => ({ seconds: look.seconds, value })),
        ),
      })),
    };
  });
}

export function rewardCharts(report) {
  return [...new Set(report.rewards.map(({ agent }) => agent))].map((agent) => ({
    key: agent,
    title: agent,
    lines: report.rewards
      .filter((entry) => entry.agent === agent)
      .map(({ term, curve }, colour) => ({ name: term, colour, points: curve })),
  }));
}

/** "executor.outcome" and "executor.total" share a chart, and so do all of a monitor's figures without a dot. */
export function monitorCharts(report) {
  return Object.entries(report.monitors ?? {}).flatMap(([monitor, { curves }]) => {
    const titleOf = (figure) => (figure.includes('.') ? `${monitor}: ${figure.split('.')[0]}` : monitor);
    return [...Map.groupBy(Object.entries(curves), ([figure]) => titleOf(figure))].map(([title, entries]) => ({
      key: title,
      title,
      lines: entries.map(([name, points], colour) => ({ name, points, colour: colour % 8 })),
    }));
  });
}

export function flowCharts(report) {
  return [
    {
      key: 'tokens',
      title: 'tokens, cumulative',
      lines: [
        { name: 'sampled', colour: 1, points: report.tokens.sampledCurve },
        { name: 'trained', colour: 2, points: report.tokens.trainedCurve },
      ],
      empty: 'No token was sampled yet.',
    },
    {
      key: 'staleness',
      title: 'staleness in versions',
      lines: [{ name: 'moving mean', colour: 3, points: report.staleness.curve }],
      empty: 'No batch was made yet.',
    },
  ];
}

/** Where all anchors come from one environment, its row says the same as that of all of them. */
function isRepeated(row, rows) {
  return (
    row.environment === 'all' &&
    rows.filter(({ role, figure, family }) => role === row.role && figure === row.figure && family === '').length === 2
  );
}

function heldOutRow(row) {
  const change = row.after.value - row.before.value;
  const gain = row.higherIsBetter ? change : -change;
  const tone = Math.abs(gain) < 1e-9 ? 'soft' : gain > 0 ? 'good' : 'bad';
  return element(
    'tr',
    { class: row.family ? 'family' : '' },
    element('td', {}, row.role),
    element('td', {}, row.family ? `${row.environment} · ${row.family}` : row.environment),
    element('td', {}, figureName(row.figure)),
    element('td', { class: 'n' }, measuredText(row.figure, row.before)),
    element('td', { class: 'n' }, measuredText(row.figure, row.after)),
    element('td', { class: `n ${tone}` }, changeText(row.figure, change)),
    element('td', { class: 'n' }, String(row.after.count)),
  );
}

/** The before/after table; families only when asked for. */
export function renderTable(report, families) {
  renderOnce(byId('table'), JSON.stringify([report.heldOut, families]), () => {
    const rows = report.heldOut.filter((row) => (families || row.family === '') && !isRepeated(row, report.heldOut));
    if (rows.length === 0) return nothing('The first look at the held-out tasks is under way; figures appear here when it is done.');
    const head = element(
      'tr',
      {},
      ...['role', 'where', 'figure'].map((name) => element('th', {}, name)),
      ...['before', 'now', 'change', 'n'].map((name) => element('th', { class: 'n' }, name)),
    );
    return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows.map(heldOutRow)));
  });
}

function heatCell(cell, report) {
  const { solveRate, heldOutBefore, heldOutAfter, share, attempts } = cell;
  const heldOut =
    heldOutBefore && heldOutAfter ? `held-out ${percent(heldOutBefore.value, 0)} → ${percent(heldOutAfter.value, 0)}` : 'not looked at yet';
  const shade = solveRate === undefined ? 0 : 0.06 + 0.5 * solveRate;
  const title = `${count(attempts)} attempts; ${percent(share, 0)} of the newest slots`;
  return element(
    'td',
    {
      class: report.focus === `${cell.family}-${cell.level}` ? 'focus' : '',
      style: `background:rgba(var(--heat),${shade.toFixed(2)})`,
      title,
    },
    solveRate === undefined ? 'not tried' : percent(solveRate, 0),
    element('small', {}, heldOut),
  );
}

export function renderFrontier(report) {
  renderOnce(byId('frontier'), JSON.stringify([report.frontier, report.focus]), () => {
    if (report.frontier.length === 0) return nothing('The recipe names no family.');
    const levels = [...new Set(report.frontier.map(({ level }) => level))].sort((a, b) => a - b);
    const families = [...new Set(report.frontier.map(({ environment, family }) => `${environment} · ${family}`))];
    const head = element('tr', {}, element('th'), ...levels.map((level) => element('th', {}, `level ${level}`)));
    const rows = families.map((name) =>
      element(
        'tr',
        {},
        element('th', {}, name),
        ...levels.map((level) => {
          const cell = report.frontier.find((entry) => `${entry.environment} · ${entry.family}` === name && entry.level === level);
          return cell ? heatCell(cell, report) : element('td');
        }),
      ),
    );
    return element('table', { class: 'heat' }, element('thead', {}, head), element('tbody', {}, ...rows));
  });
}

export function renderStaleness(report) {
  const total = report.staleness.histogram.reduce((sum, groups) => sum + groups, 0);
  const [fresh = 0, one = 0, ...rest] = report.staleness.histogram;
  const older = rest.reduce((sum, groups) => sum + groups, 0);
  const shares = `${percent(fresh / total, 0)} fresh, ${percent(one / total, 0)} one version old, ${percent(older / total)} older`;
  byId('staleness-note').textContent =
    total === 0 ? '' : `of what was trained on: ${shares}; ${count(report.staleness.dropped)} samples were too old and left out`;
}

function chip(text, tone = '', title = '') {
  return element('span', { class: `chip ${tone}`, title }, text);
}

function turnRow({ speaker, kind, prompt, text, remark, rewards, total, advantage }) {
  const chips = rewards.map(({ term, value, evidence }) => chip(`${term} ${signed(value)}`, '', evidence));
  if (total !== undefined) chips.push(chip(`reward ${signed(total)}`));
  if (advantage !== undefined) chips.push(chip(`advantage ${signed(advantage)}`, advantage > 0 ? 'plus' : advantage < 0 ? 'minus' : ''));
  return element(
    'div',
    { class: 'turn' },
    element('div', { class: 'who' }, element('b', {}, speaker), kind),
    element(
      'div',
      {},
      element('div', { class: 'bubble mono' }, element('span', { class: 'soft' }, prompt), text),
      ' ',
      element('span', { class: 'soft small' }, remark),
      element('div', { class: 'chips' }, ...chips),
    ),
  );
}

export function renderEpisode(conversation) {
  renderOnce(byId('episode'), JSON.stringify(conversation ?? null), () => {
    if (!conversation) return nothing('No episode has ended yet. One appears here once its rewards are settled.');
    const { family, level, environment, canonical, episode, status, solved, attempts } = conversation;
    return [
      element(
        'p',
        { class: 'soft small' },
        `${family} level ${level} (${environment}): `,
        element('code', {}, canonical),
        ` · ${status}, ${solved} of ${attempts} right · episode ${episode}`,
      ),
      ...conversation.turns.map(turnRow),
      element('p', { class: 'because' }, conversation.explanation),
    ];
  });
}

export function renderNotes(report) {
  renderOnce(byId('notes'), JSON.stringify(report.notes), () =>
    report.notes.length === 0
      ? nothing('Nothing yet.')
      : report.notes.toReversed().map(({ seconds, text }) => element('div', {}, element('time', {}, duration(seconds)), text)),
  );
}

function fact(name, value) {
  return element('tr', {}, element('td', {}, name), element('td', { class: 'n' }, value));
}

export function renderCost(report) {
  const { device, processes, firstUpdateSeconds } = report.cost;
  const facts = [];
  if (firstUpdateSeconds !== undefined) facts.push(fact('first candidate version after', `${firstUpdateSeconds.toFixed(1)} s`));
  if (device) {
    facts.push(
      fact('model', `${device.model}, ${device.backend}, ${device.threads} threads`),
      fact('device busy', duration(device.busySeconds)),
    );
    if (device.outsideNative !== undefined) facts.push(fact('of that outside llama.cpp and ggml', percent(device.outsideNative)));
    for (const [work, seconds] of Object.entries(device.secondsByWork)) facts.push(fact(`· to ${work}`, duration(seconds)));
  }
  if (processes.length > 0)
    facts.push(fact('memory of all processes', bytes(processes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0))));
  for (const { service, cpuSeconds } of processes) facts.push(fact(`· processor time of ${service}`, duration(cpuSeconds)));
  for (const [reason, number] of Object.entries(report.settlements.voidReasons)) facts.push(fact(`void: ${reason}`, count(number)));
  for (const [reason, number] of Object.entries(report.proposals.rejected))
    facts.push(fact(`proposals rejected: ${reason}`, count(number)));
  if (report.settlements.duplicates > 0) facts.push(fact('duplicate rewards dropped', count(report.settlements.duplicates)));
  const dead = report.deadLetters.map(({ actor, kind, cause }) => element('p', { class: 'bad small' }, `${kind} to ${actor}: ${cause}`));
  byId('cost').replaceChildren(
    facts.length === 0 ? nothing('Nothing was measured yet.') : element('table', { class: 'facts' }, element('tbody', {}, ...facts)),
    ...(dead.length > 0 ? dead : [element('p', { class: 'soft small' }, 'No dead letters: every message was handled.')]),
  );
}
