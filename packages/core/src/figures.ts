/** What a measured figure is. */
export interface FigureKind {
  /** In words. */
  readonly name: string;
  /** Best read in percent. */
  readonly percent: boolean;
  /** A share of `count` independent trials, so that Wilson's interval holds. */
  readonly proportion: boolean;
  readonly higherIsBetter: boolean;
}

const share = (name: string, proportion = true): FigureKind => ({ name, percent: true, proportion, higherIsBetter: true });

const kinds: Readonly<Record<string, FigureKind>> = {
  greedy: share('right, greedy'),
  sampled: share('right, sampled (T=1)'),
  pass: share('any sample right (T=1)'),
  // Pairs of samples of one task.
  endorsed: share('right where two samples agree (T=1)', false),
  calls: { name: 'tool calls an answer (T=1)', percent: false, proportion: false, higherIsBetter: true },
  entropy: { name: 'entropy of sampled tokens (nats)', percent: false, proportion: false, higherIsBetter: true },
  valid: share('valid proposals'),
  distinct: share('distinct proposals'),
  accuracy: share('right verdicts'),
  exact: share('exactly right, greedy'),
  // Several fields of one prediction, several samples of one question: no independent trials.
  fields: share('right fields, greedy', false),
  'sampled-exact': share('exactly right, sampled (T=1)', false),
  'sampled-fields': share('right fields, sampled (T=1)', false),
  brier: { name: 'Brier score', percent: false, proportion: false, higherIsBetter: false },
  auc: { name: 'AUC', percent: false, proportion: false, higherIsBetter: true },
};

/** What is known of a figure by its name; what stands behind a dot ("sampled.add") says where it was measured and is left aside. */
export function figureKind(figure: string): FigureKind {
  const name = figure.split('.')[0] ?? figure;
  return kinds[name] ?? { name, percent: false, proportion: false, higherIsBetter: true };
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits);
}

/** "27.3 %" or "0.286". */
export function figureText(figure: string, value: number): string {
  return figureKind(figure).percent ? `${trimmed(value * 100, 1)} %` : trimmed(value, 3);
}

/** A change with its sign: in points for percentages ("+31.0"), in the figure's own unit otherwise ("−0.065"). */
export function figureChange(figure: string, change: number): string {
  const percent = figureKind(figure).percent;
  const text = trimmed(Math.abs(percent ? change * 100 : change), percent ? 1 : 3);
  const sign = Number(text) === 0 ? '±' : change > 0 ? '+' : '−';
  return sign + text;
}
