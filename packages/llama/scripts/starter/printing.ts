import type { Exam } from './exam.ts';
import type { Look } from './pretraining.ts';

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`.padStart(7);

/** Success of each family, its levels side by side, e.g. "add 31/12/8". */
function families(look: Look): string {
  const byFamily = new Map<string, string[]>();
  for (const [index, { arm, name }] of look.skills.entries()) {
    const success = look.progress.success[index];
    if (success === undefined) continue;
    const key = arm?.family ?? name;
    byFamily.set(key, [...(byFamily.get(key) ?? []), (100 * success).toFixed(0)]);
  }
  return [...byFamily].map(([family, levels]) => `${family} ${levels.join('/')}`).join('  ');
}

/** The arm of the fewest right answers, e.g. "multiply 3 with 3.1 %". */
function weakestArm({ arms, weakest }: Exam): string {
  const arm = arms.find(({ sampled }) => sampled === weakest);
  return `${arm?.family} ${arm?.level} with ${percent(weakest).trim()}`;
}

/** One line a look: step, time, loss, success by teacher forcing in percent, and the exam's result where there was one. */
export function lookLine(look: Look): string {
  const { step, seconds, loss, progress, exam } = look;
  const line = `step ${step}  ${seconds.toFixed(0)} s  loss ${loss.toFixed(3)}  executor ${percent(progress.executor).trim()}  ${families(look)}`;
  return exam === undefined
    ? line
    : `${line}\n  by generation: sampled ${percent(exam.sampled).trim()}, weakest arm ${weakestArm(exam)}, calls ${exam.calls.toFixed(2)}, world model exact ${percent(exam.worldModel.exact).trim()}`;
}

/** What the starter can do, as a table. */
export function examTable(exam: Exam): string {
  const arms = exam.arms.map(
    ({ family, level, sampled, greedy }) => `${`${family} ${level}`.padEnd(14)} ${percent(sampled)}  ${percent(greedy)}`,
  );
  const { worldModel, proposer, verifier } = exam;
  return [
    'develop split   sampled   greedy',
    ...arms,
    `${'executor'.padEnd(14)} ${percent(exam.sampled)}  ${percent(exam.greedy)}`,
    `world model    ${percent(worldModel.fields)} of fields, ${percent(worldModel.exact).trim()} exact`,
    `proposer       ${percent(proposer.valid)} valid, ${percent(proposer.distinct).trim()} of them distinct`,
    `verifier       Brier ${verifier.brier.toFixed(3)}, AUC ${verifier.auc.toFixed(2)} on ${verifier.pairs} answers of its own`,
  ].join('\n');
}
