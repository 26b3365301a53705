/** Largest size of an integer in constrained JSON: 15 digits, which a double holds exactly. */
export const largestInteger = 999_999_999_999_999;

/** GBNF for the decimal integers from `least` to `most`, both whole and at most `largestInteger` in size. Empty where there are none. */
export function integerRange(least: number, most: number): string {
  const negative = least < 0 ? naturals(Math.max(1, -most), -least).map((text) => `"-" ${text}`) : [];
  const positive = most >= 0 ? naturals(Math.max(0, least), most) : [];
  return [...negative, ...positive].join(' | ');
}

/** Natural numbers from one to another, by their number of digits. */
function naturals(least: number, most: number): readonly string[] {
  const alternatives: string[] = [];
  for (let digits = 1, first = 0; first <= most; first = 10 ** digits, digits++) {
    const [from, to] = [Math.max(least, first), Math.min(most, 10 ** digits - 1)];
    if (from <= to) alternatives.push(`(${between(String(from), String(to))})`);
  }
  return alternatives;
}

/** Texts of digits of one length from one to another. */
function between(from: string, to: string): string {
  const rest = from.length - 1;
  const any = rest === 0 ? '' : ` [0-9]{${rest}}`;
  if (rest < 0) return '""';
  if (/^0*$/.test(from) && /^9*$/.test(to)) return `[0-9]${any}`;
  const [low, high] = [Number(from[0]), Number(to[0])];
  const tail = (a: string, b: string): string => (rest === 0 ? '' : ` (${between(a, b)})`);
  if (low === high) return `"${low}"${tail(from.slice(1), to.slice(1))}`;
  const middle = high - low > 1 ? [`[${low + 1}-${high - 1}]${any}`] : [];
  return [`"${low}"${tail(from.slice(1), '9'.repeat(rest))}`, ...middle, `"${high}"${tail('0'.repeat(rest), to.slice(1))}`].join(' | ');
}
