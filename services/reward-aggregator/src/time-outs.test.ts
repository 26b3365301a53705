import { silentLogger, type ActorHost, type Tell } from '@redqueen/runtime';
import { FakeClock } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { fold } from './fold/fold.ts';
import { initialState, type State } from './fold/state.ts';
import { rulesOf } from './rules.ts';
import { inOrder, messageFrom, recordWith, start, type Plan } from './test-support.ts';
import { watchTimeOuts } from './time-outs.ts';

const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3] };
const rules = rulesOf(recordWith());

/** A host whose state is folded by the test, and which notes what it is asked to tell. */
function hostOf(state: () => State | undefined): { readonly host: ActorHost<State>; readonly tells: Map<string, Tell> } {
  const tells = new Map<string, Tell>();
  const host = {
    state,
    tell: async (tell: Tell, id: string) => void tells.set(id, tell),
  } as unknown as ActorHost<State>;
  return { host, tells };
}

describe('watchTimeOuts', () => {
  it('expires what is silent for the whole time, and nothing else', async () => {
    const clock = new FakeClock();
    const ended = new AbortController();
    const state = initialState();
    const { host, tells } = hostOf(() => state);
    const watch = watchTimeOuts({ host, timeoutMs: 1000, clock, logger: silentLogger, signal: ended.signal });
    const stream = [...start(), ...inOrder('0.0', [plan]), ...inOrder('0.1', [plan])];
    const [slot0, slot1] = ['0.0-slot', '0.1-slot'].map((id) => stream.find((message) => message.id === id));
    for (const message of [...start(), slot0, slot1]) if (message) fold(rules, state, message);
    await clock.advance(900);
    expect(tells.size).toBe(0);
    for (const id of ['0.1.0-task'])
      fold(rules, state, stream.find((message) => message.id === id) ?? messageFrom('x/0', { kind: 'knob', body: {} }, id));
    await clock.advance(200);
    expect([...tells.keys()]).toEqual(['expired.0.0.0']);
    expect(tells.get('expired.0.0.0')).toEqual({
      to: { role: 'reward-aggregator', key: '0' },
      kind: 'expired',
      body: { episodeId: '0.0.0' },
    });
    await clock.advance(900);
    expect([...tells.keys()]).toEqual(['expired.0.0.0', 'expired.0.1.0']);
    ended.abort();
    await watch;
  });

  it('waits while the actor is not active here, and while the bus does not take what it tells', async () => {
    const clock = new FakeClock();
    const ended = new AbortController();
    const host = { state: () => undefined, tell: () => Promise.reject(new Error('away')) } as unknown as ActorHost<State>;
    const watch = watchTimeOuts({ host, timeoutMs: 1000, clock, logger: silentLogger, signal: ended.signal });
    await clock.advance(5000);
    ended.abort();
    await watch;
  });
});
