import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreparedSide } from '../actors/drive.ts';

/** What is compared: each kind has its own table. */
export type Kind = 'local tell' | 'durable tell' | 'remote ask';

/** One system doing one kind of thing. What it promises is said by hand, from its own documentation and source. */
export interface PeerSystem {
  readonly kind: Kind;
  readonly name: string;
  /** What outlives the process, and where. */
  readonly persists: string;
  /** What is known when an operation counts as done. */
  readonly confirms: string;
  open(): Promise<OpenSystem>;
}

/** A system ready to be measured. */
export interface OpenSystem extends AsyncDisposable {
  readonly side: PreparedSide;
}

/** A package of this folder. Its types are given by hand, so that the project compiles where the folder's packages are not installed. */
export async function peerPackage<Shape>(name: string): Promise<Shape> {
  return (await import(name)) as Shape;
}

/** A package of this folder with its version: "nact 7.6.2". */
export function versioned(name: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return `${name} ${dependencies[name]}`;
}
