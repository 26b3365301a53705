import type { ArmResult, Figure } from '@redqueen/contract';
import { figureKind, wilsonInterval, type Measured, type MeasuredArm, type MeasuredFigure } from '@redqueen/core';

/** The figure's name without the family or environment behind its dot. */
export function baseName(name: string): string {
  return name.split('.')[0] ?? name;
}

/** Figures as the report keeps them. */
export function measuredFigures(figures: readonly Figure[]): MeasuredFigure[] {
  return figures.map(({ name, value, count }) => ({ name, value, count }));
}

/** Arms as the report keeps them. */
export function measuredArms(arms: readonly ArmResult[]): MeasuredArm[] {
  return arms.map(({ family, level, count, passed }) => ({ family, level, count, passed }));
}

/** A value with its sample size, and with Wilson's interval where it is a proportion of `count` independent trials. */
export function measured(name: string, value: number, count: number): Measured {
  if (!figureKind(name).proportion || count === 0 || value < 0 || value > 1) return { value, count };
  const { low, high } = wilsonInterval(value * count, count);
  return { value, count, low, high };
}
