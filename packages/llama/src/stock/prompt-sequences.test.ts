import { expect, it } from 'vitest';
import { PromptSequences } from './prompt-sequences.ts';

const prompt = (text: string): Int32Array => Int32Array.from(Buffer.from(text));

/** Holds a prompt and has it computed. */
function computed(prompts: PromptSequences, text: string) {
  const held = prompts.hold(prompt(text), 0);
  if (held !== null) prompts.computed(held.sequence);
  return held;
}

it('finds the longest common beginning, and always leaves the last token', () => {
  const prompts = new PromptSequences([5, 6, 7, 8], 'any');
  computed(prompts, 'abcd');
  computed(prompts, 'abxy');
  expect(prompts.hold(prompt('abcz'), 0)).toMatchObject({ sequence: 7, shared: 3, source: 5 });
  expect(prompts.hold(prompt('abxy'), 0)).toMatchObject({ sequence: 8, shared: 3, source: 6 });
  expect(prompts.hold(prompt('q'), 0)).toBeNull();
  expect(prompts.cells).toBe(16);
});

it('shares nothing that is not computed yet, and cuts no state that cannot be cut', () => {
  const uncomputed = new PromptSequences([1, 2], 'any');
  uncomputed.hold(prompt('abcd'), 0);
  expect(uncomputed.hold(prompt('abcdef'), 0)).toMatchObject({ shared: 0 });
  const whole = new PromptSequences([1, 2, 3], 'whole');
  computed(whole, 'abcd');
  expect(whole.known(prompt('abcx')).length).toBe(0);
  expect(whole.known(prompt('abcd')).length).toBe(0);
  expect(whole.known(prompt('abcde')).length).toBe(4);
  const none = new PromptSequences([1, 2], 'none');
  computed(none, 'abcd');
  expect(none.known(prompt('abcde')).length).toBe(0);
});

it('evicts what was not used for longest, and nothing that is in use', () => {
  const prompts = new PromptSequences([1, 2, 3], 'any');
  for (const text of ['aa', 'bb', 'cc']) computed(prompts, text);
  expect(prompts.evict()).toBeNull();
  for (const sequence of [3, 1, 2]) prompts.release(sequence, 0);
  expect(prompts.evict(1)).toBe(2);
  // Sharing is use.
  expect(prompts.hold(prompt('aaz'), 0)).toMatchObject({ sequence: 2, shared: 2, source: 1 });
  expect(prompts.evict()).toBe(3);
  expect(prompts.evict()).toBe(1);
  expect(prompts.evict()).toBeNull();
  expect(prompts.cells).toBe(3);
});

it('forgets what nobody has used or shared for long', () => {
  const prompts = new PromptSequences([1, 2, 3, 4], 'any');
  for (const text of ['aa', 'bb', 'cc']) computed(prompts, text);
  prompts.release(1, 10);
  prompts.release(2, 20);
  // Sharing is use: the first prompt was needed at 40.
  prompts.hold(prompt('aaz'), 40);
  expect(prompts.expire(30)).toEqual([2]);
  expect(prompts.expire(50)).toEqual([1]);
  expect(prompts.expire(1e9)).toEqual([]);
});
