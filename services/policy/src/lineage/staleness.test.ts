import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { answerTo, batchOf, Laboratory } from '../testing/laboratory.ts';
import { testPlan } from '../testing/plan.ts';
import { agentOf, type AgentState, type Version } from './state.ts';
import { freshPart } from './staleness.ts';

const agent = 'executor/0';
let laboratory: Laboratory;
afterEach(() => laboratory.close());

const passed = [true, true, true, true, true, true];

/** The newest candidate passes the gate. */
async function pass(): Promise<void> {
  const task = laboratory.tells('anchorTask').findLast((one) => one.agent === agent);
  const candidate = laboratory.tells('candidate').findLast((one) => one.agent === agent);
  await laboratory.send(answerTo(task ?? {}, passed, task?.version === 0 ? '' : (candidate?.adapterHash ?? '')));
}

/** A batch with a group of two samples of each of these versions. */
function mixedBatch(number: number, versions: readonly number[]): ReturnType<typeof batchOf> {
  const { body } = batchOf(agent, number);
  const [group] = body.groups ?? [];
  const samples = [...(group?.samples ?? []), ...(group?.samples ?? [])];
  return { kind: 'batch', body: { ...body, groups: versions.map((version) => ({ ...group, samples, version })) } };
}

it('P5: what became too stale while its batch waited at the gate is left out and counted, also after a crash', async () => {
  laboratory = await Laboratory.open(testPlan({ maxStaleness: 0 }));
  await laboratory.send({ kind: 'control', body: { command: 'start' } });
  await laboratory.send(answerTo(laboratory.tells('anchorTask')[0] ?? {}, passed, ''));
  for (const number of [1, 2, 3]) await laboratory.send(batchOf(agent, number));
  await pass();
  // Batch 3 was told under version 0 and comes to be trained on under version 1.
  expect(agentOf(laboratory.state, agent)).toMatchObject({ current: 1, uncommitted: [{ stale: 1, batch: { number: 3, groups: [] } }] });
  await laboratory.restart();
  await laboratory.send(mixedBatch(4, [0, 1, 0]));
  expect(laboratory.tells('candidate').at(-1)).toMatchObject({ version: 2, parent: 1, consumedBatches: 4, updates: 4, stale: 5 });
  const weights = laboratory.device.agents.get(`test:${agent}`)?.weights;
  expect(weights).not.toContain('|3@');
  expect(weights?.split('|4@')).toHaveLength(2);
});

it('keeps exactly the groups with at most maxStaleness releases after their version', async () => {
  laboratory = await Laboratory.open(testPlan());
  const statuses = fc.array(fc.constantFrom('released' as const, 'refused' as const), { maxLength: 12 });
  fc.assert(
    fc.property(statuses, fc.array(fc.nat(12), { maxLength: 8 }), fc.nat(4), (later, sampled, maxStaleness) => {
      const versions = ['released' as const, ...later].map((status, number) => ({ status, number }) as Version);
      const of = sampled.filter((version) => versions[version]?.status === 'released');
      const { body } = mixedBatch(1, of);
      const batch = { ...body, groups: body.groups } as Parameters<typeof freshPart>[1];
      const lag = (version: number): number => versions.filter(({ status, number }) => status === 'released' && number > version).length;
      const fresh = freshPart({ versions } as unknown as AgentState, batch, maxStaleness);
      expect(fresh.batch.groups.map(({ version }) => version)).toEqual(of.filter((version) => lag(version) <= maxStaleness));
      expect(fresh.stale).toBe(2 * of.filter((version) => lag(version) > maxStaleness).length);
    }),
  );
});
