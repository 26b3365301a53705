import { hash } from 'node:crypto';
import type { SettlementInput } from '@redqueen/contract';

/**
 * SHA-256 (hex) over everything that a settlement fixes, the digest before it included. Duplicates are left out: how often a message came
 * does not change what counts. Canonical form: JSON arrays in a fixed order; JavaScript writes a double in the shortest form that reads back equal.
 */
export function settlementDigest(settlement: SettlementInput): string {
  const { spec } = settlement;
  const canonical = [
    'redqueen.settlement.v1',
    settlement.index ?? 0,
    settlement.previousDigest ?? '',
    settlement.episodeId ?? '',
    settlement.slotId ?? '',
    settlement.status ?? '',
    settlement.reason ?? '',
    spec ? [spec.environment ?? '', spec.family ?? '', spec.level ?? 0, spec.canonical ?? '', spec.origin ?? ''] : null,
    settlement.attempts ?? 0,
    settlement.solved ?? 0,
    (settlement.totals ?? []).map((one) => [one.agent ?? '', one.turns ?? [], one.totals ?? [], one.advantages ?? []]),
  ];
  return hash('sha256', JSON.stringify(canonical), 'hex');
}
