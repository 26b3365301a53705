/** Layers of which some see only the last tokens. */
export interface SlidingWindow {
  /** How many tokens such a layer sees, the own one included. */
  readonly tokens: number;
  /** One layer in so many, the last of each, sees everything. */
  readonly period: number;
  /** Base of the rotary embedding in layers with the window. */
  readonly ropeBase: number;
}

/** Whether a layer sees the window only. */
export function isLocal(window: SlidingWindow | undefined, layer: number): window is SlidingWindow {
  return window !== undefined && layer % window.period < window.period - 1;
}
