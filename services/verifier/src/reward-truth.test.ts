import { grantTruth, type Recipe, type TruthAccess } from '@redqueen/core';
import { checkAnswer } from '@redqueen/environments/truth';
import { recordOf, ScriptedPolicy } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { createVerifierActor } from './actor.ts';
import { rewardTruth } from './reward-truth.ts';
import { verifiers } from './verifiers/index.ts';

const policy = new ScriptedPolicy(() => undefined);
const fenced = { groundTruth: 'none', verifiers: [{ use: 'majority' }], curriculum: { use: 'uniform' } };

describe('the fence around ground truth', () => {
  test('a recipe that claims no external reward cannot name what would reach one', () => {
    expect(() => recordOf({ groundTruth: 'none', curriculum: { use: 'uniform' } })).toThrow(
      /verifiers\[0\]: truth is the environment's checker, and groundTruth is none; name who decides instead: majority, judge or peer/,
    );
    expect(() => recordOf({ ...fenced, curriculum: { use: 'learning-progress' } })).toThrow(
      /curriculum: learning-progress follows accuracies/,
    );
    const executor = { rewards: [{ use: 'verifier-score', weight: 1 }] };
    expect(() => recordOf({ ...fenced, roles: { executor } })).toThrow(/roles.executor.rewards\[0\]: verifier-score is weighed/);
  });

  test('and its verifier service holds no truth to give away', () => {
    const { recipe } = recordOf(fenced);
    expect(rewardTruth(recipe)).toBeUndefined();
    expect(rewardTruth(recordOf().recipe)).toBeDefined();
    expect(() => verifiers.create({ use: 'truth' }, { policy })).toThrow(/truth: groundTruth is none/);
    // A recipe that got past the schema is stopped here.
    const smuggled = recordOf(fenced);
    const record = { ...smuggled, recipe: { ...recipe, verifiers: [{ use: 'truth', options: {} }] } };
    expect(() => createVerifierActor(record, policy)).toThrow(/verifiers\[0\]: truth: groundTruth is none/);
  });

  test('the type checker refuses truth to a recipe as such, and to whoever makes up the right to it', () => {
    const recipe: Recipe = recordOf(fenced).recipe;
    // @ts-expect-error who asks must have looked at groundTruth
    expect(() => grantTruth(recipe, checkAnswer)).toThrow(/groundTruth: none/);
    // @ts-expect-error the right to the truth cannot be written down
    const forged: TruthAccess = { check: checkAnswer };
    expect(forged).toBeDefined();
  });
});
