// Private: what the tests of all packages share.
export { knobMessage, knobTell, knobValue, type MessageFields } from './builders.ts';
export { FakeClock } from './fake-clock.ts';
export { Recorder } from './recorder.ts';
export { startTestNats, type TestNats, type TestNatsOptions } from './test-nats.ts';
export { within } from './within.ts';
