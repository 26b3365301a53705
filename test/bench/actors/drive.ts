/** How long each of many operations took, in seconds, in the order in which they ended. */
export type Latencies = readonly number[];

/** Makes so many operations ready; then runs them with at most `window` of them unconfirmed at once. */
export type PreparedSide = (count: number) => (window: number) => Promise<Latencies>;

/** Runs an operation on each item in order, at most `window` of them at once, each as soon as one before it is confirmed. */
export async function drive<Item>(items: readonly Item[], window: number, operation: (item: Item) => Promise<unknown>): Promise<Latencies> {
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const begun = performance.now();
      await operation(items[next++] as Item);
      latencies.push((performance.now() - begun) / 1000);
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, items.length) }, lane));
  return latencies;
}
