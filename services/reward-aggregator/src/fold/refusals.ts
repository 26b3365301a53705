/** Why a reward does not count, by code: a closed set, for logs and counts. docs/reference/rewards.md has the same table with what to do. */
export const refusalReasons = {
  'wrong-run': 'the message belongs to another run',
  'wrong-sender': 'the teller is not the sender',
  'unknown-teller': 'the teller is no agent of the run',
  'wrong-epoch': 'the epoch is not the current one',
  unsigned: 'the bundle is not signed',
  'bad-signature': 'the signature is not that of the teller over this bundle',
  'unknown-term': 'the term is unknown',
  'untold-term': 'the term is told by nobody',
  'not-entitled': 'the teller is not entitled to the term',
  'wrong-role': 'the role does not earn the term',
  'wrong-agent': 'the agent is not one of the role',
  'bad-turn': 'the turn is no turn',
  'not-finite': 'the value is not finite',
  'out-of-range': 'the value is out of range',
  'wrong-id': 'the id does not belong to the reward',
  'unknown-episode': 'the episode is unknown',
  'too-many': 'the episode has too many rewards',
  'other-value': 'another value was told before',
  unjoined: 'the turn is none that earns the term',
  contradiction: 'the value contradicts its formula',
  duplicate: 'it was told before, or the episode is settled',
  late: 'the episode is void already',
} as const;

/** A code of {@link refusalReasons}. */
export type RefusalCode = keyof typeof refusalReasons;

/** Codes of honest repetitions: dropped, and counted as such. */
export type DropCode = 'duplicate' | 'late';
