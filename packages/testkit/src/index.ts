// Private: what the tests of all packages share.
export { knobMessage, knobTell, knobValue, type MessageFields } from './builders.ts';
export { collected } from './collected.ts';
export { FakeClock } from './fake-clock.ts';
export { gatedBus, KillingGate, SwitchGate, type BusEffect, type Gate } from './gated-bus.ts';
export { Recorder } from './recorder.ts';
export { startTestCluster, type NodePlace, type TestCluster, type TestClusterOptions, type TestNode } from './test-cluster.ts';
export { startTestNats, type TestNats, type TestNatsOptions } from './test-nats.ts';
export { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
export { within } from './within.ts';
export { bodiesOf, contextOf, received, tellsOf } from './roles/harness.ts';
export { recordOf } from './roles/record.ts';
export { ScriptedPolicy, type Script, type Turn } from './roles/scripted-policy.ts';
export { Link, noFaults, type CrashPoint, type LinkFaults } from './simulation/link.ts';
export { Scheduler } from './simulation/scheduler.ts';
export type { Effect, Observer, Pipeline } from './simulation/effects.ts';
export { simulatedBus } from './simulation/simulated-bus.ts';
export { never, SimulatedProcess } from './simulation/simulated-process.ts';
