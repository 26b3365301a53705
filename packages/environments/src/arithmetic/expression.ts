/** An expression: terms and the signs between them (one fewer). */
export interface Expression {
  readonly terms: readonly number[];
  readonly signs: readonly string[];
}

/** How many digits each term of a level has; the index is the level − 1. */
export type Shape = readonly (readonly number[])[];

/** The families of arithmetic. */
export const shapes: Readonly<Record<string, Shape>> = {
  add: [
    [2, 1],
    [2, 2],
    [3, 2],
  ],
  subtract: [
    [2, 1],
    [2, 2],
    [3, 2],
  ],
  chain: [
    [1, 1, 1],
    [2, 1, 1],
    [2, 2, 2],
  ],
  multiply: [
    [1, 1],
    [2, 1],
    [2, 2],
  ],
};

/** Smallest and largest term by its number of digits. Terms of three digits stay below 300, which keeps the sums learnable. */
export const ranges: readonly { readonly low: number; readonly high: number }[] = [
  { low: 0, high: 9 },
  { low: 10, high: 99 },
  { low: 100, high: 299 },
];

/** Reads "37+45"; undefined unless it is terms without leading zeros joined by + - or *. */
export function readExpression(text: string): Expression | undefined {
  if (!/^\d{1,3}([-+*]\d{1,3}){1,2}$/.test(text)) return undefined;
  const words = text.split(/[-+*]/);
  if (words.some((word) => String(Number(word)) !== word)) return undefined;
  return { terms: words.map(Number), signs: text.match(/[-+*]/g) ?? [] };
}

/** The family that an expression belongs to; undefined for a mixture that no family has. */
export function familyOf({ signs }: Expression): string | undefined {
  if (signs.length === 2) return signs.includes('*') ? undefined : 'chain';
  return { '+': 'add', '-': 'subtract', '*': 'multiply' }[signs[0] ?? ''];
}

/** The level whose terms have these digits; undefined for none. */
export function levelOf(family: string, { terms }: Expression): number | undefined {
  const pattern = terms.map((term) => ranges.findIndex(({ low, high }) => term >= low && term <= high) + 1);
  const index = (shapes[family] ?? []).findIndex(
    (shape) => shape.length === pattern.length && shape.every((digits, at) => digits === pattern[at]),
  );
  return index < 0 ? undefined : index + 1;
}

/** Whether no partial result can be negative, told without computing one: the first term outweighs all that is subtracted. */
export function staysPositive({ terms, signs }: Expression): boolean {
  const subtracted = terms.slice(1).reduce((sum, term, index) => (signs[index] === '-' ? sum + term : sum), 0);
  return (terms[0] ?? 0) >= subtracted;
}

/** One text for all expressions that are the same up to the order of commuting terms, larger terms last: 45+37 and 37+45 give "37+45". */
export function commutedText({ terms, signs }: Expression): string {
  const product = signs.includes('*');
  const signed = terms.map((term, index) => ({ term, sign: index === 0 ? '+' : (signs[index - 1] ?? '+') }));
  // In a difference the first term is what is subtracted from; it may only change places with added terms.
  const ordered = product
    ? [...signed].sort((a, b) => a.term - b.term)
    : [...signed].sort((a, b) => (a.sign === b.sign ? a.term - b.term : a.sign === '+' ? -1 : 1));
  return ordered.map(({ term, sign }, index) => (index === 0 ? String(term) : `${product ? '*' : sign}${term}`)).join('');
}
