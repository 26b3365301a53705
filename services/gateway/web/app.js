// The live page: one report after another by server-sent events; every part is drawn from the report alone.
import { ChartGrid } from './chart.js';
import { byId, element, renderOnce } from './dom.js';
import {
  flowCharts,
  lineageCharts,
  monitorCharts,
  renderCost,
  renderEpisode,
  renderFrontier,
  renderNotes,
  renderStaleness,
  renderTable,
  renderTiles,
  rewardCharts,
} from './sections.js';

const lineages = new ChartGrid(byId('lineages'));
const rewards = new ChartGrid(byId('rewards'));
const monitors = new ChartGrid(byId('monitors'));
const flow = new ChartGrid(byId('flow'));
const newest = '';
let source;
let shownRun = newest;
let shownEpisode = newest;
let current;

const state = (text, kind = text) => {
  byId('state').textContent = text;
  byId('state').className = `pill ${kind}`;
};

function renderHead(report) {
  document.title = `${report.recipe} ${report.updatesDone}/${report.updates} · Red Queen`;
  byId('recipe').textContent = report.recipe;
  byId('lead').textContent =
    `${report.description} Seed ${report.seed}. Run ${report.run}.${report.error ? ` It failed: ${report.error}` : ''}`;
  byId('bar').style.width = `${(100 * report.updatesDone) / Math.max(1, report.updates)}%`;
  byId('bar').parentElement.setAttribute('aria-valuenow', report.updatesDone);
  byId('bar').parentElement.setAttribute('aria-valuemax', report.updates);
  state(report.status);
  const over = report.status === 'finished' || report.status === 'stopped' || report.status === 'failed';
  renderOnce(byId('foot'), `${report.run} ${over}`, () => [
    over
      ? element('a', { href: `runs/${report.run}/report.html` }, 'The written report of this run')
      : element('span', {}, 'A written report is made when the run ends.'),
    ' Everything on this page can be had through the SDK: ',
    element('code', {}, `redqueen report ${report.run} --json`),
  ]);
}

function render(report) {
  current = report;
  byId('empty').hidden = true;
  byId('content').hidden = false;
  renderHead(report);
  renderTiles(report);
  lineages.show(lineageCharts(report), 'No agent has a version yet.');
  renderTable(report, byId('families').checked);
  rewards.show(rewardCharts(report), 'No reward was told yet.');
  const watched = monitorCharts(report);
  byId('monitors').parentElement.hidden = watched.length === 0;
  monitors.show(watched, '');
  renderFrontier(report);
  renderStaleness(report);
  flow.show(flowCharts(report));
  renderNotes(report);
  renderCost(report);
  if (shownEpisode === newest) renderEpisode(report.episode);
}

function connect() {
  source?.close();
  source = new EventSource(`events?run=${encodeURIComponent(shownRun)}`);
  source.addEventListener('report', (event) => render(JSON.parse(event.data)));
  source.addEventListener('waiting', () => {
    byId('empty').hidden = false;
    byId('content').hidden = true;
    state('no run', 'stopped');
  });
  // The browser connects again by itself; meanwhile what is shown may be old.
  source.addEventListener('error', () => state('gateway does not answer', 'offline'));
}

async function ask(path) {
  const response = await fetch(path);
  return response.ok ? response.json() : [];
}

function options(select, entries, chosen) {
  renderOnce(select, JSON.stringify(entries), () => entries.map(([value, text]) => element('option', { value }, text)));
  select.value = chosen;
}

async function refreshLists() {
  const runs = await ask('api/runs');
  const newestText = runs.length > 0 ? `newest (${runs[0].run})` : 'none yet';
  options(
    byId('runs'),
    [[newest, newestText], ...runs.map(({ run, recipe, seed }) => [run, `${run} · ${recipe}, seed ${seed}`])],
    shownRun,
  );
  if (!current) return;
  const episodes = await ask(`api/runs/${current.run}/episodes`);
  const entries = episodes.map(({ episode, canonical, solved, attempts }) => [episode, `${canonical} · ${solved}/${attempts}`]);
  if (shownEpisode !== newest && !entries.some(([value]) => value === shownEpisode)) entries.push([shownEpisode, shownEpisode]);
  options(byId('episodes'), [[newest, 'the newest worth reading'], ...entries], shownEpisode);
}

byId('families').addEventListener('change', () => current && renderTable(current, byId('families').checked));
byId('runs').addEventListener('change', (event) => {
  shownRun = event.target.value;
  shownEpisode = newest;
  connect();
});
byId('episodes').addEventListener('change', async (event) => {
  shownEpisode = event.target.value;
  renderEpisode(shownEpisode === newest ? current?.episode : await ask(`api/runs/${current.run}/episodes/${shownEpisode}`));
});

options(byId('runs'), [[newest, 'newest']], newest);
options(byId('episodes'), [[newest, 'the newest worth reading']], newest);
connect();
const keepLists = () =>
  refreshLists()
    .catch(() => {})
    .finally(() => setTimeout(keepLists, 5000));
keepLists();
