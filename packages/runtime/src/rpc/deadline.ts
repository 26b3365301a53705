/** The moment `ms` milliseconds from now, as gRPC wants a deadline: by the machine's own clock, which is what the transport compares it with. */
export function deadlineIn(ms: number): Date {
  return new Date(Date.now() + ms);
}
