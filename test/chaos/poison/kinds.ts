import { gzipSync } from 'node:zlib';
import { addressOf, encodeMessage, type MessageInput, type ToldInput } from '@redqueen/contract';

/** What is right to become of a poison message. */
export type Outcome =
  /** A dead letter of the actor it was sent to, whose cause says this. */
  | { readonly dead: RegExp }
  /** Handled without harm, by design; why. */
  | { readonly harmless: string };

/** A way to be poison. */
export interface PoisonKind {
  readonly name: string;
  /** The mailbox that it is put into, role/key. */
  readonly to: string;
  /** The bytes on the stream, for the `turn`-th message of the kind in a run. */
  readonly bytes: (run: string, turn: number) => Uint8Array;
  readonly outcome: Outcome;
}

const unreadable: Outcome = { dead: /^unreadable|data_loss: unreadable/ };
const invalid = (cause: RegExp): Outcome => ({ dead: cause });

interface Forged {
  readonly from?: string;
  readonly to?: string;
  readonly run?: string;
  readonly id?: string;
}

/** A well-formed message, however odd what it says. */
function message(run: string, [name, turn]: readonly [string, number], to: string, told: ToldInput, forged: Forged = {}): Buffer {
  const envelope = {
    id: forged.id ?? `poison-${name}-${turn}`,
    run: forged.run ?? run,
    from: addressOf(forged.from ?? 'gateway/0'),
    to: addressOf(forged.to ?? to),
    cause: '',
    traceparent: '',
  };
  return Buffer.from(encodeMessage({ ...envelope, ...told } as MessageInput));
}

function told(name: string, to: string, what: ToldInput | ((turn: number) => ToldInput), outcome: Outcome, forged?: Forged): PoisonKind {
  return {
    name,
    to,
    outcome,
    bytes: (run, turn) => message(run, [name, turn], to, typeof what === 'function' ? what(turn) : what, forged),
  };
}

function raw(name: string, to: string, bytes: (good: Buffer, turn: number) => Uint8Array, outcome: Outcome = unreadable): PoisonKind {
  return { name, to, outcome, bytes: (run, turn) => bytes(message(run, [name, turn], to, task(), {}), turn) };
}

const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '1+2', origin: 'generator' };
const body = (more: object = {}) => ({ taskId: '9999.0.0', slotId: '9999.0', index: 0, spec, attempts: 2, seed: 1, ...more });
const task = (more: object = {}): ToldInput => ({ kind: 'task', body: body(more) }) as ToldInput;
const slot = (more: object = {}): ToldInput =>
  ({
    kind: 'slot',
    body: { slotId: '9999.0', environment: 'arithmetic', family: 'add', level: 1, seed: 1, proposals: 1, attempts: 1, source: '', ...more },
  }) as ToldInput;
const sample = { tokens: [1], logProbs: [-1], text: '3', failure: 'FAILURE_CLASS_OK' };
const attempts = (more: object = {}): ToldInput =>
  ({
    kind: 'attempts',
    body: {
      taskId: '9999.0.0',
      spec,
      slotId: '9999.0',
      group: { prompt: '1+2=', samples: [sample], policy: { agent: 'executor/0' } },
      ...more,
    },
  }) as ToldInput;
const transitions = (more: object = {}): ToldInput =>
  ({
    kind: 'transitions',
    body: {
      taskId: '9999.0.0',
      environment: 'grid',
      transitions: [{ state: 's', action: 'a', outcome: 'o' }],
      predictions: 1,
      seed: 1,
      ...more,
    },
  }) as ToldInput;
const anchor = (more: object = {}): ToldInput =>
  ({
    kind: 'anchorTask',
    body: {
      anchorId: 'poison',
      agent: 'executor/0',
      version: 0,
      purpose: 'ANCHOR_PURPOSE_GATE',
      perArm: 1,
      replyTo: addressOf('policy/0'),
      ...more,
    },
  }) as ToldInput;
const trainingSample = { tokens: [1, 2], oldLogProbs: [-1, -1], advantages: [1, 1], given: [] };
const batch = (more: object = {}, inSample: object = {}): ToldInput =>
  ({
    kind: 'batch',
    body: {
      agent: 'executor/0',
      number: 9999,
      normaliser: 1,
      groups: [{ episodeId: '9999.0.0', promptTokens: [1], samples: [{ ...trainingSample, ...inSample }], version: 0 }],
      ...more,
    },
  }) as ToldInput;
const knob = (name: string, value: number): ToldInput => ({ kind: 'knob', body: { name, value, by: 'poison' } });
const control = (command: string, more: object = {}): ToldInput =>
  ({ kind: 'control', body: { command, agent: '', version: 0, reason: '', ...more } }) as ToldInput;
const huge = 'x'.repeat(400_000);
const noUse = invalid(/has no use for a/);

/** The bytes with a text in them replaced by other bytes of its length. */
function replaced(bytes: Buffer, text: string, by: Buffer): Buffer {
  const at = bytes.indexOf(text);
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + by.length)]);
}

/** Sixty kinds, by what they attack. */
export const poisonKinds: readonly PoisonKind[] = [
  // Bytes that are no message.
  raw('empty', 'executor/0', () => Buffer.alloc(0)),
  raw('garbage', 'verifier/0', (_, turn) => Buffer.from([255, 254, 253, turn])),
  raw('truncated', 'executor/0', (good) => good.subarray(0, good.length - 3)),
  raw('cut in its length', 'proposer/0', (good) => good.subarray(0, 1)),
  raw('length beyond the end', 'executor/0', () => Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07])),
  raw('endless varint', 'world-model/0', () => Buffer.alloc(40, 0xff)),
  raw('deeply nested groups', 'curriculum/0', () => Buffer.alloc(100_000, 0x0b)),
  raw('wire type that does not exist', 'policy/0', () => Buffer.from([0x0f, 0x0f])),
  raw('field number 0', 'executor/0', () => Buffer.from([0x00, 0x01])),
  raw('text', 'verifier/0', () => Buffer.from('{"kind":"task"}')),
  raw('compressed', 'executor/0', (good) => gzipSync(good)),
  raw('body of a kind that does not exist', 'executor/0', () => Buffer.from([0x0a, 0x01, 0x78, 0xfa, 0x06, 0x00])),
  raw('two messages in one', 'executor/0', (good) => Buffer.concat([good, Buffer.from([0x0a])])),
  // Envelopes.
  { ...raw('no id', 'executor/0', (good) => good), bytes: (run) => message(run, ['', 0], 'executor/0', task(), { id: '' }) },
  {
    ...raw('no run', 'executor/0', (good) => good),
    bytes: (run, turn) => message(run, ['no run', turn], 'executor/0', task(), { run: '' }),
  },
  told('another run', 'executor/0', task(), invalid(/came here by a wrong subject/), { run: 'another' }),
  told('another actor', 'executor/0', task(), invalid(/came here by a wrong subject/), { to: 'verifier/0' }),
  told('another run, to a stateful actor', 'curriculum/0', control('start'), invalid(/came here by a wrong subject/), { run: 'another' }),
  // Kinds that the actor does not act on.
  told('settlement to the executor', 'executor/0', { kind: 'settlement', body: { episodeId: 'x' } }, noUse),
  told('task to the proposer', 'proposer/0', task(), noUse),
  told('slot to the verifier', 'verifier/0', slot(), noUse),
  told('knob to the world model', 'world-model/0', knob('x', 1), noUse),
  told('batch to the curriculum', 'curriculum/0', batch(), noUse),
  told('slot to the policy', 'policy/0', slot(), noUse),
  // The executor.
  told('task without a spec', 'executor/0', task({ spec: null }), invalid(/canonical form/)),
  told('environment that does not exist', 'executor/0', task({ spec: { ...spec, environment: 'nowhere' } }), invalid(/nowhere/)),
  told('environment __proto__', 'executor/0', task({ spec: { ...spec, environment: '__proto__' } }), invalid(/__proto__/)),
  told('environment constructor', 'executor/0', task({ spec: { ...spec, environment: 'constructor' } }), invalid(/constructor/)),
  told('task that is none', 'executor/0', task({ spec: { ...spec, canonical: 'rm -rf' } }), invalid(/is no task of arithmetic/)),
  told('huge task', 'executor/0', task({ spec: { ...spec, canonical: `1+${huge}` } }), invalid(/is no task of arithmetic/)),
  raw('invalid UTF-8', 'executor/0', (good) => replaced(good, '1+2', Buffer.from([0xff, 0x2b, 0x32])), invalid(/is no task of arithmetic/)),
  told('no attempts', 'executor/0', task({ attempts: 0 }), invalid(/attempts: 0 must be/)),
  told('four billion attempts', 'executor/0', task({ attempts: 4_294_967_295 }), invalid(/attempts: 4294967295 must be/)),
  told('temperature NaN', 'executor/0', task({ temperature: Number.NaN }), invalid(/temperature NaN must be/)),
  told('temperature infinite', 'executor/0', task({ temperature: Number.POSITIVE_INFINITY }), invalid(/temperature Infinity must be/)),
  told('negative temperature', 'executor/0', task({ temperature: -1 }), invalid(/temperature -1 must be/)),
  told('anchors of another agent', 'executor/0', anchor({ agent: 'verifier/0' }), invalid(/is not tried by/)),
  told('anchors without a purpose', 'executor/0', anchor({ purpose: 'ANCHOR_PURPOSE_UNSPECIFIED' }), invalid(/purpose must be/)),
  told('four billion anchors', 'executor/0', anchor({ perArm: 4_294_967_295 }), invalid(/per_arm: 4294967295 must be/)),
  // The proposer.
  told('source that does not exist', 'proposer/0', slot({ source: 'nobody' }), invalid(/source nobody/)),
  told('source __proto__', 'proposer/0', slot({ source: '__proto__' }), invalid(/source __proto__/)),
  told('family that does not exist', 'proposer/0', slot({ family: 'nothing' }), invalid(/nothing/)),
  told('level 0', 'proposer/0', slot({ level: 0 }), invalid(/level/)),
  told('four billion proposals', 'proposer/0', slot({ proposals: 4_294_967_295 }), invalid(/proposals: 4294967295 must be/)),
  told('no proposals', 'proposer/0', slot({ proposals: 0 }), invalid(/proposals: 0 must be/)),
  // The verifier.
  told('attempts without a group', 'verifier/0', attempts({ group: null }), invalid(/the group is missing/)),
  told('attempts without a spec', 'verifier/0', attempts({ spec: null }), invalid(/canonical form/)),
  told('attempts at no task', 'verifier/0', attempts({ spec: { ...spec, canonical: '?' } }), invalid(/\?/)),
  told(
    'proposal without a number',
    'verifier/0',
    attempts({ taskId: 'x.y', spec: { ...spec, origin: 'proposer' } }),
    invalid(/id is <slot>\.<index>/),
  ),
  told('anchor attempts without a task', 'verifier/0', { kind: 'anchorAttempts', body: { anchorId: 'x' } }, invalid(/reply_to is missing/)),
  told(
    'answer to nowhere',
    'verifier/0',
    {
      kind: 'anchorAttempts',
      body: { anchorId: 'x', task: { anchorId: 'x', agent: 'executor/0', replyTo: { role: 'no one', key: '>' } }, items: [] },
    } as ToldInput,
    invalid(/no one/),
  ),
  // The world model.
  told('step of a task that was never told', 'world-model/0', transitions(), {
    harmless: 'a prompt like any other; its rewards are for an episode that the aggregator never opened',
  }),
  told(
    'four billion predictions',
    'world-model/0',
    transitions({ predictions: 4_294_967_295 }),
    invalid(/predictions: 4294967295 must be/),
  ),
  // The policy.
  told('batch of an agent that does not exist', 'policy/0', batch({ agent: 'nobody/0' }), invalid(/nobody\/0/)),
  told('batch with NaN', 'policy/0', batch({}, { advantages: [Number.NaN, 1] }), invalid(/not finite/)),
  told('batch of unequal lengths', 'policy/0', batch({}, { oldLogProbs: [-1] }), invalid(/equally many/)),
  told('batch without a normaliser', 'policy/0', batch({ normaliser: 0 }), invalid(/normaliser 0 must be positive/)),
  told('knob that does not exist', 'policy/0', knob('luck', 1), invalid(/knob "luck"/)),
  told(
    'candidate that somebody else tells',
    'policy/0',
    (turn) => ({ kind: 'candidate', body: { agent: 'executor/0', version: turn, adapterHash: 'forged' } }) as ToldInput,
    invalid(/executor\/0 may not tell/),
    { from: 'executor/0' },
  ),
  // By design of no effect: the actor keeps no account of what it was never asked for.
  told(
    'rewards of nobody',
    'reward-aggregator/0',
    { kind: 'rewards', body: { episodeId: '../x', teller: 'nobody/0' } },
    {
      harmless: 'an episode that was never opened: counted as late in the aggregator’s state',
    },
  ),
];
