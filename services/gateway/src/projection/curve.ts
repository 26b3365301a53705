import type { CurvePoint } from '@redqueen/core';

/** A curve with a bounded number of points, whatever the length of the run. */
export interface Curve {
  points: { seconds: number; value: number }[];
  /** Points closer together than this many seconds become one. */
  spacing: number;
}

/** Most points that a curve keeps. */
const limit = 240;

/** A curve without points; at first two points are at least half a second apart. */
export function emptyCurve(): Curve {
  return { points: [], spacing: 0.5 };
}

/**
 * Adds the newest value. Values that follow within the spacing replace the last point; when the curve is full, every other point goes and the
 * spacing doubles, so that a run of five minutes and one of five days both fit a screen.
 */
export function extendCurve(curve: Curve, seconds: number, value: number): void {
  if (!Number.isFinite(value)) return;
  const last = curve.points.at(-1);
  const before = curve.points.at(-2);
  if (last && before && seconds - before.seconds < curve.spacing) curve.points[curve.points.length - 1] = { seconds, value };
  else curve.points.push({ seconds, value });
  if (curve.points.length <= limit) return;
  curve.points = curve.points.filter((_, index) => index % 2 === 0);
  curve.spacing *= 2;
}

/** The curve with seconds and values rounded for the wire. */
export function curvePoints(curve: Curve): CurvePoint[] {
  return curve.points.map(({ seconds, value }) => ({ seconds: Math.round(seconds * 10) / 10, value: Number(value.toPrecision(5)) }));
}
