import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterShares, randomOf, type Recipe, type Task } from '@redqueen/core';
import {
  anchorsHash,
  anchorTasks,
  armsOf,
  environmentByName,
  environments,
  generateIn,
  readProposal,
  readTask,
} from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import { addresses, loadRecipe, recipeNames } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { createProposerActor } from '../../services/proposer/src/actor.ts';
import { standardTerms } from '../../services/reward-aggregator/src/terms/registry.ts';
import { trustOf, verifierScoreOf } from '../../services/reward-aggregator/src/terms/verifier-score.ts';
import { bundle, foldAll, inOrder, messageFrom, recordWith, start, type Plan } from '../../services/reward-aggregator/src/test-support.ts';
import { rulesOf } from '../../services/reward-aggregator/src/rules.ts';
import { gated } from '../../services/policy/src/lineages/gated.ts';
import { measureProposer } from '../../services/verifier/src/anchors/proposer.ts';
import { majorityOf } from '../../services/verifier/src/verifiers/majority.ts';
import { exploits } from './exploits.ts';
import { outcomeOf } from './outcome.ts';

// The anti-hacking list, a test each. Most parts have tests of their own beside them; here each item is shown once, by what it prevents.

const root = join(import.meta.dirname, '../..');
const recipe = (name: string): Recipe => loadRecipe(name, join(root, 'config/recipes'));
const selection = recipe('default').environments;
const slot = { environment: 'arithmetic', family: 'add', level: 2 };
const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 1, 0], confidences: [0.8, 0.3] };
const totalsOf = (agent: string, stream: Parameters<typeof foldAll>[0], rules = rulesOf(recordWith())) =>
  foldAll([...start(), ...stream], rules).settlements.flatMap(({ totals = [] }) =>
    totals.flatMap((one) => (one.agent === agent ? (one.totals ?? []) : [])),
  );
const exploit = (name: string) => exploits.find((one) => one.name === name) as (typeof exploits)[number];

describe('anti-hacking list', () => {
  test('1. format gates multiply, and the parser is strict', () => {
    expect(totalsOf('proposer/0', inOrder('1.0', [{ ...plan, proposal: 'malformed' }]))).toEqual([0]);
    for (const text of ['12+34 ', ' 12+34', '12+34=46', '12 +34', '+12+34', '', '12+34\n'])
      expect([text, readProposal(text, slot).valid]).toEqual([text, false]);
    const task = readTask('12+34') as Task;
    for (const answer of ['046', '46 ', '46.0', '0x2e', '4', '46\n46'])
      expect([answer, checkAnswer(task, answer).correct]).toEqual([answer, false]);
  });

  test('2. the truth is out of reach of those who are rewarded, and an answer of the proposer is never taken', () => {
    expect(readProposal('12+34=46', slot)).toMatchObject({ valid: false });
    // Who may import the truth is tested in test/architecture; no recipe's executor or proposer sees more than the step side.
    for (const environment of environments)
      expect(Object.keys(environment).filter((key) => /check|oracle|truth|solution/.test(key))).toEqual([]);
  });

  test('3. validity times difficulty: what cannot be solved is no task, and what nobody solves earns no difficulty', () => {
    expect(readTask('mA#.###..G')).toBeUndefined();
    const [impossible] = totalsOf('proposer/0', inOrder('1.0', [{ ...plan, outcomes: [0, 0, 0, 0] }]));
    const [possible] = totalsOf('proposer/0', inOrder('1.0', [plan]));
    expect(impossible).toBeCloseTo(0.3, 12);
    expect(possible).toBeCloseTo(1, 12);
  });

  test('4. environments and checkers say the same twice, and read neither clock nor chance', () => {
    for (const { environment, family, level } of armsOf(selection)) {
      const task = generateIn('train', environmentByName(environment), { family, level }, randomOf('twice', family, level));
      expect(checkAnswer(task, rightAnswer(task))).toEqual(checkAnswer(task, rightAnswer(task)));
      expect(readTask(task.canonical)).toEqual(task);
    }
    const folder = join(root, 'packages/environments/src');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
    );
    for (const path of sources)
      expect(readFileSync(join(folder, path), 'utf8')).not.toMatch(/Date\.now|new Date|Math\.random|performance\.now/);
  });

  test('5. proposing again what was proposed before costs, in the slot and beyond', async () => {
    expect((await outcomeOf(recipe('default'), exploit('duplicate task'))).verdict).toBe('holds');
    expect(clusterShares(['12+34', '12+35', '12+34', 'sdcba'], 0.5)).toEqual([0.75, 0.75, 0.75, 0.25]);
  });

  test('6. held-out sets are disjoint and hashed, and a held-out proposal earns nothing, good or bad', () => {
    const sets = (['gate', 'report', 'develop'] as const).map((split) => anchorTasks(selection, split, 6));
    const names = sets.flat().map(({ environment, canonical }) => `${environment} ${canonical}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(sets.map((set) => anchorsHash(set))).size).toBe(3);
    const held = sets[0]?.find(({ family }) => family === 'add') as Task;
    expect(readProposal(held.canonical, held)).toMatchObject({ valid: false, reason: 'held-out' });
    expect(totalsOf('proposer/0', inOrder('1.0', [{ ...plan, proposal: 'held-out' }]))).toEqual([]);
  });

  test('7. a verifier that always says the same earns no more than chance, and is not trusted', async () => {
    // Chance-adjusted Brier reward (R − ¾) / ¼ on as many right as wrong answers.
    for (const constant of [0, 0.01, 0.3, 0.5, 0.99, 1]) {
      const loss = (constant ** 2 + (1 - constant) ** 2) / 2;
      expect((1 - loss - 0.75) / 0.25).toBeLessThanOrEqual(0);
      expect(verifierScoreOf(trustOf(loss), 1)).toBe(0);
    }
    expect((await outcomeOf(recipe('default'), exploit('all-accept verifier'))).verdict).toBe('holds');
  });

  test('8. a candidate that is worse than its parent, or than the best before it, is not released', () => {
    const all = '1'.repeat(16);
    const version = (number: number, passed: string) => ({ number, passed, losses: '' });
    const admit = (candidate: string) =>
      gated.create({}, {}).admit({
        candidate: version(2, candidate),
        parent: version(1, all),
        best: version(1, all),
        tolerance: 2,
        lossTolerance: 2,
      });
    expect([admit(all).release, admit('0'.repeat(16)).release]).toEqual([true, false]);
  });

  test('9. a majority decides nothing where there is ground truth, and its labels are known to be no truth', () => {
    for (const name of recipeNames(join(root, 'config/recipes'))) {
      const { groundTruth, verifiers } = recipe(name);
      expect([name, verifiers[0]?.use === 'truth']).toEqual([name, groundTruth === 'rewards']);
    }
    const task = readTask('12+34') as Task;
    const [first] = majorityOf(['45', '45', '46'].map((answer) => ({ task, answer })));
    expect(first?.outcome).toBe(1);
    expect(checkAnswer(task, '45').correct).toBe(false);
  });

  test('10. what can be guessed is solved by everybody, and then earns no difficulty', async () => {
    expect((await outcomeOf(recipe('default'), exploit('answer leak'))).verdict).toBe('holds');
  });

  test('11. loss of diversity is measured: copies among proposals show in the figure "distinct"', () => {
    const ok = 'FAILURE_CLASS_OK' as const;
    const item = (answers: string[]) => ({
      spec: { ...slot, canonical: '', origin: 'generator' },
      prompt: '',
      answers,
      greedy: 0,
      confidence: 0,
      failures: answers.map(() => ok),
      surprisal: 0,
      sampledTokens: 0,
    });
    const distinct = (answers: string[]) =>
      measureProposer({ anchorId: 'a', task: null, items: [item(answers)], policy: null }).figures.find(({ name }) => name === 'distinct')
        ?.value;
    expect(distinct(['12+34', '56+78'])).toBe(1);
    expect(distinct(['12+34', '12+34', '12+34', '12+34'])).toBe(0.25);
  });

  test('12. what the infrastructure failed is void, never zero', () => {
    const outcome = foldAll([...start(), ...inOrder('1.0', [{ ...plan, outcomes: ['void', 'void', 1, 0] }])]);
    expect(outcome.settlements[0]).toMatchObject({ status: 'SETTLEMENT_STATUS_VOID', totals: [] });
    expect(totalsOf('executor/0', inOrder('1.0', [{ ...plan, outcomes: [1, 'void', 0, 1, 1] }]))).toEqual([1, 0, 1, 1]);
  });

  test('13. the executor’s versions face what the proposer’s versions propose, the first of each included', async () => {
    for (const name of ['default', 'coevolution']) expect(recipe(name).report.crossPlay).toBeGreaterThanOrEqual(2);
    const record = recordOf({ environments: [{ use: 'arithmetic', families: { add: [2] } }] });
    const policy = new ScriptedPolicy(
      ({ index }) => generateIn('train', environmentByName('arithmetic'), slot, randomOf('game', index)).canonical,
    );
    const asked = {
      anchorId: 'x',
      agent: 'proposer/0',
      version: 0,
      purpose: 'ANCHOR_PURPOSE_CROSS_PLAY' as const,
      perArm: 1,
      opponents: [0, 3],
      replyTo: addresses.policy,
    };
    const told = await tellsOf(createProposerActor(record, policy), received(addresses.proposer, 'anchorTask', asked));
    const games = bodiesOf(told, 'anchorTask');
    expect(games.map(({ agent, version }) => [agent, version])).toEqual([
      ['executor/0', 0],
      ['executor/0', 3],
    ]);
    expect(games[0]?.tasks.length).toBeGreaterThan(0);
    expect(games[1]?.tasks).toEqual(games[0]?.tasks);
  });

  test('14. no reward exceeds its term’s bounds, and every term has finite ones', () => {
    for (const [name, { range }] of standardTerms) expect([name, range.every(Number.isFinite)]).toEqual([name, true]);
    const greedy = bundle('verifier/0', '1.0.0', [{ agent: 'executor/0', turn: 0, term: 'outcome', value: 100 }]);
    const { refusals } = foldAll([...start(), ...inOrder('1.0', [plan]).slice(0, 2), messageFrom('verifier/0', greedy, 'greedy')]);
    expect(refusals.map(({ reason }) => reason)).toEqual(['out-of-range']);
  });

  test('15. co-evolution is compared with the executor alone at equal sampled tokens', () => {
    const alone = recipe('coevolution').claim?.arms.filter(({ name }) => name.startsWith('executor-only')) ?? [];
    expect(alone.length).toBeGreaterThanOrEqual(3);
    expect(alone.every(({ equalTokens }) => equalTokens)).toBe(true);
  });
});
