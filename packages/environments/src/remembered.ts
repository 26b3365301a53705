/** Results kept a function. A process sees few different arguments; the bound only guards against a caller that varies them for ever. */
const capacity = 32;

/** A pure function that remembers its latest results by the JSON text of its arguments. Results are shared: treat them as frozen. */
export function remembered<Arguments extends readonly unknown[], Result>(
  compute: (...values: Arguments) => Result,
): (...values: Arguments) => Result {
  const results = new Map<string, Result>();
  return (...values) => {
    const key = JSON.stringify(values);
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = compute(...values);
    const oldest = results.keys().next();
    if (results.size >= capacity && !oldest.done) results.delete(oldest.value);
    results.set(key, result);
    return result;
  };
}
