import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTrees } from '../engine/tree-chunks.ts';
import { prefixTree } from './prefix-tree.ts';
import { treeInputs } from './tree-batch.ts';

const sequence = (most: number, least = 0) =>
  fc.array(fc.nat(3), { minLength: least, maxLength: most }).map((tokens) => Int32Array.from(tokens));
const family = fc.tuple(sequence(9, 1), fc.array(sequence(6), { maxLength: 6 }));

/** The tokens from the root to a slot. */
function path(tree: ReturnType<typeof prefixTree>, slot: number): readonly number[] {
  const tokens: number[] = [];
  for (let at = slot; at >= 0; at = tree.parents[at] as number) tokens.unshift(tree.tokens[at] as number);
  return tokens;
}

describe('the tree of a prompt and its continuations', () => {
  it('predicts every token from exactly its prefix', () => {
    fc.assert(
      fc.property(family, ([prompt, continuations]) => {
        const tree = prefixTree(prompt, continuations);
        for (const [which, continuation] of continuations.entries()) {
          for (let position = 0; position < continuation.length; position++) {
            const slot = tree.outputs[tree.predictors[which]?.[position] as number] as number;
            expect(path(tree, slot)).toEqual([...prompt, ...continuation.subarray(0, position)]);
            expect(tree.positions[slot]).toBe(prompt.length + position - 1);
          }
        }
      }),
    );
  });

  it('has one slot for each distinct prefix', () => {
    fc.assert(
      fc.property(family, ([prompt, continuations]) => {
        const prefixes = new Set(
          continuations.flatMap((tokens) =>
            Array.from({ length: Math.max(0, tokens.length - 1) }, (_, end) => tokens.slice(0, end + 1).join()),
          ),
        );
        expect(prefixTree(prompt, continuations).tokens.length).toBe(prompt.length + prefixes.size);
      }),
    );
  });
});

describe('the plan of a batch of trees', () => {
  it('places every tree once, without overlap, inside its bin', () => {
    fc.assert(
      fc.property(fc.array(family, { maxLength: 30 }), (families) => {
        const trees = families.map(([prompt, continuations]) => prefixTree(prompt, continuations));
        const chunks = planTrees(trees);
        expect(chunks.flatMap((chunk) => chunk.places).sort((a, b) => a - b)).toEqual(trees.map((_, place) => place));
        for (const { shape, trees: placed } of chunks) {
          const taken = new Set<number>();
          for (const { tree, bin, first } of placed) {
            expect(bin).toBeLessThan(shape.bins);
            expect(first + tree.tokens.length).toBeLessThanOrEqual(shape.slots);
            for (let slot = 0; slot < tree.tokens.length; slot++) taken.add(bin * shape.slots + first + slot);
          }
          expect(taken.size).toBe(placed.reduce((sum, { tree }) => sum + tree.tokens.length, 0));
          expect(placed.reduce((sum, { tree }) => sum + tree.outputs.length, 0)).toBeLessThanOrEqual(shape.rows);
        }
      }),
    );
  });

  it('shows every slot its own prefix and nothing else, and inside a window the end of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(family, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 70 }), async (families, tokensSeen) => {
        const [chunk] = planTrees(families.map(([prompt, continuations]) => prefixTree(prompt, continuations)));
        if (chunk === undefined) return;
        const { slots } = chunk.shape;
        const window = { tokens: tokensSeen, period: 2, ropeBase: 1 };
        const { mask, localMask, tokens, rows, firstRows } = await treeInputs(chunk.trees, chunk.shape, window);
        expect(localMask === null).toBe(slots <= tokensSeen);
        const seen = (from: Float32Array, bin: number, slot: number): readonly number[] => {
          const row = (bin * slots + slot) * slots;
          return Array.from({ length: slots }, (_, other) => other)
            .filter((other) => from[row + other] === 0)
            .map((other) => tokens[bin * slots + other] as number);
        };
        for (const [index, { tree, bin, first }] of chunk.trees.entries()) {
          for (let slot = 0; slot < tree.tokens.length; slot++) {
            const whole = path(tree, slot);
            expect(seen(mask, bin, first + slot)).toEqual(whole);
            expect(seen(localMask ?? mask, bin, first + slot)).toEqual(whole.slice(-tokensSeen));
          }
          for (const [output, slot] of tree.outputs.entries())
            expect(rows[(firstRows[index] as number) + output]).toBe(bin * slots + first + slot);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('leaves the event loop its turns while it fills the mask of a long prompt', async () => {
    const [chunk] = planTrees([prefixTree(new Int32Array(4000).fill(7), [Int32Array.of(1)])]);
    let turns = 0;
    const tick = (): void => {
      turns++;
      ticking = setImmediate(tick);
    };
    let ticking = setImmediate(tick);
    const { mask } = await treeInputs(chunk?.trees ?? [], chunk?.shape ?? { bins: 0, slots: 0, rows: 0 });
    clearImmediate(ticking);
    expect(mask.length).toBe(4000 * 4000);
    expect(mask.subarray(3999 * 4000).every((value) => value === 0)).toBe(true);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('is empty for no trees', () => {
    expect(planTrees([])).toEqual([]);
  });
});
