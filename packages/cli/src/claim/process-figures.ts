import type { RunReport } from '@redqueen/sdk';
import { meanChange, type Change } from './change.ts';

type Points = readonly { readonly value: number }[];

/** A curve's two ends. Undefined for one without points. */
function ends(points: Points, count: number): Change | undefined {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? { before: { value: first.value, count }, after: { value: last.value, count } } : undefined;
}

/** Something that is 0 when a run begins. */
const total = (value: number, count = 1): Change => ({ before: { value: 0, count: 0 }, after: { value, count } });

/** The mean over agents, all of which must have been measured. */
function over(changes: readonly (Change | undefined)[]): Change | undefined {
  const found = changes.filter((change) => change !== undefined);
  return found.length === changes.length ? meanChange(found) : undefined;
}

/** "monitor.waste.executor" is the figure "executor" of the monitor "waste". */
function monitorFigure(report: RunReport, name: string, figure: string): Change | undefined {
  const curve = report.monitors[name]?.curves[figure] ?? [];
  const newest = report.monitors[name]?.figures[figure];
  return ends(newest === undefined ? curve : [...curve, { value: newest }], curve.length);
}

/** "cross-play.greedy.last.first": the last executor version at the tasks of the first proposer version. */
function crossPlayFigure(report: RunReport, name: string, versions: string): Change | undefined {
  if (!report.crossPlay || (name !== 'greedy' && name !== 'sampled')) return undefined;
  const { executors, proposers, cells } = report.crossPlay;
  const [executor, proposer] = versions.split('.');
  const pick = (all: readonly number[], which: string | undefined) =>
    which === 'first' ? all[0] : which === 'last' ? all.at(-1) : undefined;
  const cell = cells.find((one) => one.executor === pick(executors, executor) && one.proposer === pick(proposers, proposer));
  const measured = cell?.[name];
  return measured && { before: { value: 0, count: 0 }, after: measured };
}

/** Figures of the run as a whole; those of one kind of failure or rejection are 0 where none was seen. */
function runFigure(report: RunReport, name: string, rest: string): Change | undefined {
  const { attempts, proposals, tokens, staleness } = report;
  if (name === 'failures') return total((attempts.failures[rest] ?? 0) / Math.max(1, attempts.sampled), attempts.sampled);
  if (name === 'rejected') {
    const all = proposals.accepted + Object.values(proposals.rejected).reduce((sum, count) => sum + count, 0);
    return total((proposals.rejected[rest] ?? 0) / Math.max(1, all), all);
  }
  const totals: Readonly<Record<string, number>> = {
    updates: report.updatesDone,
    seconds: report.elapsedSeconds,
    tokens: tokens.sampled,
    'trained-tokens': tokens.trained,
    solved: attempts.solved / Math.max(1, attempts.settled),
    staleness: staleness.mean,
    dropped: staleness.dropped,
  };
  const value = totals[name];
  return value === undefined ? undefined : total(value);
}

function agentFigure(report: RunReport, owner: string, name: string, rest: string): Change | undefined {
  const agents = report.agents.filter(({ agent, role }) => agent === owner || role === owner);
  const rewards = report.rewards.filter(({ agent }) => agent === owner || agent.split('/')[0] === owner);
  switch (name) {
    case 'reward':
      return over(rewards.filter(({ term }) => term === rest).map(({ curve, count }) => ends(curve, count)));
    case 'mean-reward':
      return over(rewards.filter(({ term }) => term === rest).map(({ mean: value, count }) => total(value, count)));
    case 'training-entropy':
      return over(agents.map(({ entropy, updates }) => ends(entropy, updates)));
    case 'gradient-norm':
      return over(agents.map(({ gradientNorm, updates }) => ends(gradientNorm, updates)));
    case 'released':
    case 'refused':
    case 'updates':
      return over(agents.map((agent) => total(agent[name])));
    case 'tokens':
      return total(report.tokens.sampledByRole[owner] ?? 0);
    default:
      return undefined;
  }
}

/**
 * A figure of how learning went, by name; an owner is a role (the mean over its agents) or an agent:
 * "<owner>.reward.<term>" the moving mean of a reward term at the first and the last message that told it, "<owner>.mean-reward.<term>" its mean over the
 * run, "<owner>.training-entropy" and "<owner>.gradient-norm" at the first and the last candidate, "<owner>.released", ".refused", ".updates" counts,
 * "<role>.tokens" sampled; "run.updates", ".seconds", ".tokens", ".trained-tokens", ".solved" (share of right attempts), ".staleness", ".dropped",
 * "run.failures.<class>" and "run.rejected.<reason>" as shares; "monitor.<monitor>.<figure>" at its first and its newest reading;
 * "cross-play.<greedy|sampled>.<executor>.<proposer>" with versions "first" or "last". What only counts is 0 before. Undefined where it was not measured.
 */
export function processFigure(report: RunReport, figure: string): Change | undefined {
  const [owner = '', name = '', ...rest] = figure.split('.');
  const tail = rest.join('.');
  if (owner === 'cross-play') return crossPlayFigure(report, name, tail);
  if (owner === 'monitor') return monitorFigure(report, name, tail);
  return owner === 'run' ? runFigure(report, name, tail) : agentFigure(report, owner, name, tail);
}
