/** What the promise gives, or an error that says what was waited for. The time-out is for a test that would otherwise hang, never a delay. */
export async function within<Result>(promise: Promise<Result>, what: string, timeoutMs = 10_000): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
