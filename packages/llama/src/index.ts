// For the policy service: the device in its own process, and adapter files.
export type { SamplingChoice } from './engine/sampling-path.ts';
export { startDevice, type DeviceHandle, type DeviceOptions } from './worker/client.ts';
export type {
  AdapterSettings,
  AgentFiles,
  ClippedLoss,
  DeviceReport,
  LikelihoodLoss,
  LossSettings,
  NegativeAwareLoss,
  OddsRatioLoss,
  Penalties,
  PolicyDevice,
  PreferenceLoss,
  SampledGroup,
  SampledSequence,
  SamplePrompt,
  SequenceClippedLoss,
  TrainGroup,
  TrainSample,
  TruncatedImportanceLoss,
  UpdateSettings,
  UpdateStats,
} from './worker/protocol.ts';
export { encodeAdapter, sha256, validateAdapter, type AdapterContent, type AdapterExpectation } from './gguf/adapter-file.ts';

// For the script that makes the starter model.
export { byteSequence, byteTokens, byteVocabularySize } from './starter/byte-vocabulary.ts';
export { byteModel, decodeModel, encodeModel, initialModel, type ModelSize } from './starter/model-file.ts';
export { writeFileWhole } from './gguf/writer.ts';
export type { FullTrainer, LineFigures, TrainingLine } from './starter/full-trainer.ts';
export { openFullTrainer } from './starter/open-full-trainer.ts';
