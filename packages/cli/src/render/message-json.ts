/** What JSON has no form for: numbers that are none as text, bytes in base64. */
function shown(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  // A Buffer has turned itself into this before a replacer sees it.
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]).toString('base64') : value;
}

/** A message as JSON with nothing left out, however odd its numbers are; indented by so many spaces, on one line for 0. */
export function messageJson(message: object, indent: number): string {
  return JSON.stringify(message, shown, indent);
}
