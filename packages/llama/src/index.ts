// For the policy service: the device in its own process, and adapter files.
export { startDevice, type DeviceHandle, type DeviceOptions } from './worker/client.ts';
export type {
  AdapterSettings,
  AgentFiles,
  DeviceReport,
  LossSettings,
  PolicyDevice,
  SampledGroup,
  SampledSequence,
  SamplePrompt,
  TrainGroup,
  UpdateSettings,
  UpdateStats,
} from './worker/protocol.ts';
export { encodeAdapter, sha256, validateAdapter, type AdapterContent, type AdapterExpectation } from './gguf/adapter-file.ts';
