import { isSpanContextValid, TraceFlags, type SpanContext } from '@opentelemetry/api';

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A span context in the W3C form, e.g. 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 (https://www.w3.org/TR/trace-context). Empty for an invalid one. */
export function traceparentOf(span: SpanContext): string {
  if (!isSpanContextValid(span)) return '';
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The remote span context that a traceparent names; undefined where it is empty or malformed, which is never an error. */
export function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = form.exec(traceparent) ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags || '0', 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

/**
 * The traceparent of what a message or call causes: the trace of its cause, a span of its own.
 * `spanId` is 16 hex digits, e.g. the beginning of the message id. Empty where the cause has no trace.
 */
export function childTraceparent(cause: string, spanId: string): string {
  const parent = spanContextOf(cause);
  return parent ? traceparentOf({ ...parent, spanId }) : '';
}
