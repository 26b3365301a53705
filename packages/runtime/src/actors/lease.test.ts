import { addressOf } from '@redqueen/contract';
import { FakeClock, gatedBus, SwitchGate } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import type { KeyValue } from '../bus/port.ts';
import { silentLogger } from '../log/logger.ts';
import { Lease, leaseBucket, type LeaseRequest } from './lease.ts';

const never = new AbortController().signal;

/** One that wants the lease, on a bus of its own that can be cut off. */
class Candidate {
  readonly gate = new SwitchGate();
  readonly epochs: number[] = [];
  lease: Lease | undefined;
  readonly #request: Omit<LeaseRequest, 'bucket'>;
  #bucket: KeyValue | undefined;

  constructor(clock: FakeClock, owner: string) {
    this.#request = { run: 'r1', address: addressOf('policy/0'), owner, leaseMs: 1200, clock, logger: silentLogger };
  }

  async start(bus: Awaited<ReturnType<typeof createMemoryBus>>): Promise<void> {
    this.#bucket = await gatedBus(bus, this.gate).keyValue(leaseBucket);
    void this.#live();
  }

  /** Whether it would have an effect now. */
  get acts(): boolean {
    try {
      this.lease?.require();
      return this.lease !== undefined;
    } catch {
      return false;
    }
  }

  async #live(): Promise<void> {
    for (;;) {
      const lease = await Lease.acquire({ ...this.#request, bucket: this.#bucket as KeyValue }, never);
      this.lease = lease;
      this.epochs.push(lease.epoch);
      await new Promise<void>((resolve) => lease.lost.addEventListener('abort', () => resolve(), { once: true }));
    }
  }
}

describe('a lease', () => {
  it('never has two holders that act, however they are cut off and come back; epochs only grow', async () => {
    const step = fc.record({
      candidate: fc.nat(2),
      event: fc.constantFrom('pause', 'resume', 'release', 'nothing'),
      ms: fc.integer({ min: 1, max: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const clock = new FakeClock();
        const bus = await createMemoryBus({ clock, logger: silentLogger });
        const candidates = ['a', 'b', 'c'].map((owner) => new Candidate(clock, owner));
        for (const candidate of candidates) await candidate.start(bus);
        for (const { candidate, event, ms } of steps) {
          const chosen = candidates[candidate] as Candidate;
          if (event === 'pause') chosen.gate.pause();
          if (event === 'resume') chosen.gate.resume();
          if (event === 'release') void chosen.lease?.release();
          await clock.advance(ms);
          expect(candidates.filter((each) => each.acts).length).toBeLessThanOrEqual(1);
        }
        for (const each of candidates) each.gate.resume();
        await clock.advance(4000);
        expect(candidates.filter((each) => each.acts)).toHaveLength(1);
        const epochs = candidates.flatMap((each) => each.epochs);
        expect(new Set(epochs).size).toBe(epochs.length);
        await bus.close();
      }),
      { numRuns: 60 },
    );
  });

  it('is taken over only after its whole time without a sign of life, at once when it was given back', async () => {
    const clock = new FakeClock();
    const bus = await createMemoryBus({ clock, logger: silentLogger });
    const [holder, waiter] = [new Candidate(clock, 'a'), new Candidate(clock, 'b')];
    await holder.start(bus);
    await clock.advance(10_000);
    expect(holder.epochs).toEqual([1]);
    await waiter.start(bus);
    await clock.advance(10_000);
    expect(waiter.epochs).toEqual([]);
    holder.gate.pause();
    await clock.advance(1100);
    expect(waiter.epochs).toEqual([]);
    await clock.advance(1300);
    expect(waiter.epochs).toEqual([2]);
    expect(holder.acts).toBe(false);
    await waiter.lease?.release();
    await clock.advance(200);
    expect(waiter.epochs).toEqual([2, 3]);
    await bus.close();
  });
});
