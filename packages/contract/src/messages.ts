// The contract's messages as they are once decoded: every field present.
export type { Address as AddressInput, Address__Output as Address } from '../gen/redqueen/v1/Address.ts';
export type { AgentTotal as AgentTotalInput, AgentTotal__Output as AgentTotal } from '../gen/redqueen/v1/AgentTotal.ts';
export type { AnchorAttempts as AnchorAttemptsInput, AnchorAttempts__Output as AnchorAttempts } from '../gen/redqueen/v1/AnchorAttempts.ts';
export type { AnchorItem as AnchorItemInput, AnchorItem__Output as AnchorItem } from '../gen/redqueen/v1/AnchorItem.ts';
export type { AnchorPurpose__Output as AnchorPurpose } from '../gen/redqueen/v1/AnchorPurpose.ts';
export type { AnchorResult as AnchorResultInput, AnchorResult__Output as AnchorResult } from '../gen/redqueen/v1/AnchorResult.ts';
export type { AnchorTask as AnchorTaskInput, AnchorTask__Output as AnchorTask } from '../gen/redqueen/v1/AnchorTask.ts';
export type {
  ArchiveRunRequest as ArchiveRunRequestInput,
  ArchiveRunRequest__Output as ArchiveRunRequest,
} from '../gen/redqueen/v1/ArchiveRunRequest.ts';
export type {
  ArchiveRunResponse as ArchiveRunResponseInput,
  ArchiveRunResponse__Output as ArchiveRunResponse,
} from '../gen/redqueen/v1/ArchiveRunResponse.ts';
export type { Arm as ArmInput, Arm__Output as Arm } from '../gen/redqueen/v1/Arm.ts';
export type { ArmResult as ArmResultInput, ArmResult__Output as ArmResult } from '../gen/redqueen/v1/ArmResult.ts';
export type { AskRequest as AskRequestInput, AskRequest__Output as AskRequest } from '../gen/redqueen/v1/AskRequest.ts';
export type { AskResponse as AskResponseInput, AskResponse__Output as AskResponse } from '../gen/redqueen/v1/AskResponse.ts';
export type { AttemptRequest as AttemptRequestInput, AttemptRequest__Output as AttemptRequest } from '../gen/redqueen/v1/AttemptRequest.ts';
export type {
  AttemptResponse as AttemptResponseInput,
  AttemptResponse__Output as AttemptResponse,
} from '../gen/redqueen/v1/AttemptResponse.ts';
export type { Attempts as AttemptsInput, Attempts__Output as Attempts } from '../gen/redqueen/v1/Attempts.ts';
export type { Batch as BatchInput, Batch__Output as Batch } from '../gen/redqueen/v1/Batch.ts';
export type { Candidate as CandidateInput, Candidate__Output as Candidate } from '../gen/redqueen/v1/Candidate.ts';
export type { ClusterRequest as ClusterRequestInput, ClusterRequest__Output as ClusterRequest } from '../gen/redqueen/v1/ClusterRequest.ts';
export type {
  ClusterResponse as ClusterResponseInput,
  ClusterResponse__Output as ClusterResponse,
} from '../gen/redqueen/v1/ClusterResponse.ts';
export type { Control as ControlInput, Control__Output as Control } from '../gen/redqueen/v1/Control.ts';
export type {
  CurriculumServiceStateRequest as CurriculumServiceStateRequestInput,
  CurriculumServiceStateRequest__Output as CurriculumServiceStateRequest,
} from '../gen/redqueen/v1/CurriculumServiceStateRequest.ts';
export type {
  CurriculumServiceStateResponse as CurriculumServiceStateResponseInput,
  CurriculumServiceStateResponse__Output as CurriculumServiceStateResponse,
} from '../gen/redqueen/v1/CurriculumServiceStateResponse.ts';
export type { DeadLetter as DeadLetterInput, DeadLetter__Output as DeadLetter } from '../gen/redqueen/v1/DeadLetter.ts';
export type {
  DescribeRunRequest as DescribeRunRequestInput,
  DescribeRunRequest__Output as DescribeRunRequest,
} from '../gen/redqueen/v1/DescribeRunRequest.ts';
export type {
  DescribeRunResponse as DescribeRunResponseInput,
  DescribeRunResponse__Output as DescribeRunResponse,
} from '../gen/redqueen/v1/DescribeRunResponse.ts';
export type { DeviceRequest as DeviceRequestInput, DeviceRequest__Output as DeviceRequest } from '../gen/redqueen/v1/DeviceRequest.ts';
export type { DeviceResponse as DeviceResponseInput, DeviceResponse__Output as DeviceResponse } from '../gen/redqueen/v1/DeviceResponse.ts';
export type {
  DownloadAdapterRequest as DownloadAdapterRequestInput,
  DownloadAdapterRequest__Output as DownloadAdapterRequest,
} from '../gen/redqueen/v1/DownloadAdapterRequest.ts';
export type {
  DownloadAdapterResponse as DownloadAdapterResponseInput,
  DownloadAdapterResponse__Output as DownloadAdapterResponse,
} from '../gen/redqueen/v1/DownloadAdapterResponse.ts';
export type {
  DropDeadLetterRequest as DropDeadLetterRequestInput,
  DropDeadLetterRequest__Output as DropDeadLetterRequest,
} from '../gen/redqueen/v1/DropDeadLetterRequest.ts';
export type {
  DropDeadLetterResponse as DropDeadLetterResponseInput,
  DropDeadLetterResponse__Output as DropDeadLetterResponse,
} from '../gen/redqueen/v1/DropDeadLetterResponse.ts';
export type {
  EndLeaseRequest as EndLeaseRequestInput,
  EndLeaseRequest__Output as EndLeaseRequest,
} from '../gen/redqueen/v1/EndLeaseRequest.ts';
export type {
  EndLeaseResponse as EndLeaseResponseInput,
  EndLeaseResponse__Output as EndLeaseResponse,
} from '../gen/redqueen/v1/EndLeaseResponse.ts';
export type { EpisodeSummary as EpisodeSummaryInput, EpisodeSummary__Output as EpisodeSummary } from '../gen/redqueen/v1/EpisodeSummary.ts';
export type { Event as EventInput, Event__Output as Event } from '../gen/redqueen/v1/Event.ts';
export type { Expired as ExpiredInput, Expired__Output as Expired } from '../gen/redqueen/v1/Expired.ts';
export type {
  ExplainEpisodeRequest as ExplainEpisodeRequestInput,
  ExplainEpisodeRequest__Output as ExplainEpisodeRequest,
} from '../gen/redqueen/v1/ExplainEpisodeRequest.ts';
export type {
  ExplainEpisodeResponse as ExplainEpisodeResponseInput,
  ExplainEpisodeResponse__Output as ExplainEpisodeResponse,
} from '../gen/redqueen/v1/ExplainEpisodeResponse.ts';
export type { ExplainRequest as ExplainRequestInput, ExplainRequest__Output as ExplainRequest } from '../gen/redqueen/v1/ExplainRequest.ts';
export type {
  ExplainResponse as ExplainResponseInput,
  ExplainResponse__Output as ExplainResponse,
} from '../gen/redqueen/v1/ExplainResponse.ts';
export type {
  ExportAdapterRequest as ExportAdapterRequestInput,
  ExportAdapterRequest__Output as ExportAdapterRequest,
} from '../gen/redqueen/v1/ExportAdapterRequest.ts';
export type {
  ExportAdapterResponse as ExportAdapterResponseInput,
  ExportAdapterResponse__Output as ExportAdapterResponse,
} from '../gen/redqueen/v1/ExportAdapterResponse.ts';
export type { FailureClass__Output as FailureClass } from '../gen/redqueen/v1/FailureClass.ts';
export type { Figure as FigureInput, Figure__Output as Figure } from '../gen/redqueen/v1/Figure.ts';
export type { GeneratePrompt as GeneratePromptInput, GeneratePrompt__Output as GeneratePrompt } from '../gen/redqueen/v1/GeneratePrompt.ts';
export type {
  GenerateRequest as GenerateRequestInput,
  GenerateRequest__Output as GenerateRequest,
} from '../gen/redqueen/v1/GenerateRequest.ts';
export type {
  GenerateResponse as GenerateResponseInput,
  GenerateResponse__Output as GenerateResponse,
} from '../gen/redqueen/v1/GenerateResponse.ts';
export type {
  GetDeadLetterRequest as GetDeadLetterRequestInput,
  GetDeadLetterRequest__Output as GetDeadLetterRequest,
} from '../gen/redqueen/v1/GetDeadLetterRequest.ts';
export type {
  GetDeadLetterResponse as GetDeadLetterResponseInput,
  GetDeadLetterResponse__Output as GetDeadLetterResponse,
} from '../gen/redqueen/v1/GetDeadLetterResponse.ts';
export type { GetRunRequest as GetRunRequestInput, GetRunRequest__Output as GetRunRequest } from '../gen/redqueen/v1/GetRunRequest.ts';
export type { GetRunResponse as GetRunResponseInput, GetRunResponse__Output as GetRunResponse } from '../gen/redqueen/v1/GetRunResponse.ts';
export type {
  ImportRunRequest as ImportRunRequestInput,
  ImportRunRequest__Output as ImportRunRequest,
} from '../gen/redqueen/v1/ImportRunRequest.ts';
export type {
  ImportRunResponse as ImportRunResponseInput,
  ImportRunResponse__Output as ImportRunResponse,
} from '../gen/redqueen/v1/ImportRunResponse.ts';
export type {
  InteractionReward as InteractionRewardInput,
  InteractionReward__Output as InteractionReward,
} from '../gen/redqueen/v1/InteractionReward.ts';
export type { JudgeRequest as JudgeRequestInput, JudgeRequest__Output as JudgeRequest } from '../gen/redqueen/v1/JudgeRequest.ts';
export type { JudgeResponse as JudgeResponseInput, JudgeResponse__Output as JudgeResponse } from '../gen/redqueen/v1/JudgeResponse.ts';
export type { Knob as KnobInput, Knob__Output as Knob } from '../gen/redqueen/v1/Knob.ts';
export type { KnobState as KnobStateInput, KnobState__Output as KnobState } from '../gen/redqueen/v1/KnobState.ts';
export type { LeaseExample as LeaseExampleInput, LeaseExample__Output as LeaseExample } from '../gen/redqueen/v1/LeaseExample.ts';
export type { LeaseRequest as LeaseRequestInput, LeaseRequest__Output as LeaseRequest } from '../gen/redqueen/v1/LeaseRequest.ts';
export type { LeaseResponse as LeaseResponseInput, LeaseResponse__Output as LeaseResponse } from '../gen/redqueen/v1/LeaseResponse.ts';
export type {
  ListDeadLettersRequest as ListDeadLettersRequestInput,
  ListDeadLettersRequest__Output as ListDeadLettersRequest,
} from '../gen/redqueen/v1/ListDeadLettersRequest.ts';
export type {
  ListDeadLettersResponse as ListDeadLettersResponseInput,
  ListDeadLettersResponse__Output as ListDeadLettersResponse,
} from '../gen/redqueen/v1/ListDeadLettersResponse.ts';
export type {
  ListEpisodesRequest as ListEpisodesRequestInput,
  ListEpisodesRequest__Output as ListEpisodesRequest,
} from '../gen/redqueen/v1/ListEpisodesRequest.ts';
export type {
  ListEpisodesResponse as ListEpisodesResponseInput,
  ListEpisodesResponse__Output as ListEpisodesResponse,
} from '../gen/redqueen/v1/ListEpisodesResponse.ts';
export type {
  ListRunsRequest as ListRunsRequestInput,
  ListRunsRequest__Output as ListRunsRequest,
} from '../gen/redqueen/v1/ListRunsRequest.ts';
export type {
  ListRunsResponse as ListRunsResponseInput,
  ListRunsResponse__Output as ListRunsResponse,
} from '../gen/redqueen/v1/ListRunsResponse.ts';
export type {
  ListVersionsRequest as ListVersionsRequestInput,
  ListVersionsRequest__Output as ListVersionsRequest,
} from '../gen/redqueen/v1/ListVersionsRequest.ts';
export type {
  ListVersionsResponse as ListVersionsResponseInput,
  ListVersionsResponse__Output as ListVersionsResponse,
} from '../gen/redqueen/v1/ListVersionsResponse.ts';
export type { NextRequest as NextRequestInput, NextRequest__Output as NextRequest } from '../gen/redqueen/v1/NextRequest.ts';
export type { NextResponse as NextResponseInput, NextResponse__Output as NextResponse } from '../gen/redqueen/v1/NextResponse.ts';
export type { PeerAct as PeerActInput, PeerAct__Output as PeerAct } from '../gen/redqueen/v1/PeerAct.ts';
export type { PeerActKind__Output as PeerActKind } from '../gen/redqueen/v1/PeerActKind.ts';
export type { PolicyStamp as PolicyStampInput, PolicyStamp__Output as PolicyStamp } from '../gen/redqueen/v1/PolicyStamp.ts';
export type { PolicyVersion as PolicyVersionInput, PolicyVersion__Output as PolicyVersion } from '../gen/redqueen/v1/PolicyVersion.ts';
export type { PredictRequest as PredictRequestInput, PredictRequest__Output as PredictRequest } from '../gen/redqueen/v1/PredictRequest.ts';
export type {
  PredictResponse as PredictResponseInput,
  PredictResponse__Output as PredictResponse,
} from '../gen/redqueen/v1/PredictResponse.ts';
export type { Predictions as PredictionsInput, Predictions__Output as Predictions } from '../gen/redqueen/v1/Predictions.ts';
export type { PromoteRequest as PromoteRequestInput, PromoteRequest__Output as PromoteRequest } from '../gen/redqueen/v1/PromoteRequest.ts';
export type {
  PromoteResponse as PromoteResponseInput,
  PromoteResponse__Output as PromoteResponse,
} from '../gen/redqueen/v1/PromoteResponse.ts';
export type {
  PromoteVersionRequest as PromoteVersionRequestInput,
  PromoteVersionRequest__Output as PromoteVersionRequest,
} from '../gen/redqueen/v1/PromoteVersionRequest.ts';
export type {
  PromoteVersionResponse as PromoteVersionResponseInput,
  PromoteVersionResponse__Output as PromoteVersionResponse,
} from '../gen/redqueen/v1/PromoteVersionResponse.ts';
export type { Proposal as ProposalInput, Proposal__Output as Proposal } from '../gen/redqueen/v1/Proposal.ts';
export type { ProposeRequest as ProposeRequestInput, ProposeRequest__Output as ProposeRequest } from '../gen/redqueen/v1/ProposeRequest.ts';
export type {
  ProposeResponse as ProposeResponseInput,
  ProposeResponse__Output as ProposeResponse,
} from '../gen/redqueen/v1/ProposeResponse.ts';
export type { Refused as RefusedInput, Refused__Output as Refused } from '../gen/redqueen/v1/Refused.ts';
export type { Rejected as RejectedInput, Rejected__Output as Rejected } from '../gen/redqueen/v1/Rejected.ts';
export type { Released as ReleasedInput, Released__Output as Released } from '../gen/redqueen/v1/Released.ts';
export type {
  RemoveRunRequest as RemoveRunRequestInput,
  RemoveRunRequest__Output as RemoveRunRequest,
} from '../gen/redqueen/v1/RemoveRunRequest.ts';
export type {
  RemoveRunResponse as RemoveRunResponseInput,
  RemoveRunResponse__Output as RemoveRunResponse,
} from '../gen/redqueen/v1/RemoveRunResponse.ts';
export type { ReportRequest as ReportRequestInput, ReportRequest__Output as ReportRequest } from '../gen/redqueen/v1/ReportRequest.ts';
export type { ReportResponse as ReportResponseInput, ReportResponse__Output as ReportResponse } from '../gen/redqueen/v1/ReportResponse.ts';
export type {
  ResolveRecipeRequest as ResolveRecipeRequestInput,
  ResolveRecipeRequest__Output as ResolveRecipeRequest,
} from '../gen/redqueen/v1/ResolveRecipeRequest.ts';
export type {
  ResolveRecipeResponse as ResolveRecipeResponseInput,
  ResolveRecipeResponse__Output as ResolveRecipeResponse,
} from '../gen/redqueen/v1/ResolveRecipeResponse.ts';
export type {
  ResumeRunRequest as ResumeRunRequestInput,
  ResumeRunRequest__Output as ResumeRunRequest,
} from '../gen/redqueen/v1/ResumeRunRequest.ts';
export type {
  ResumeRunResponse as ResumeRunResponseInput,
  ResumeRunResponse__Output as ResumeRunResponse,
} from '../gen/redqueen/v1/ResumeRunResponse.ts';
export type {
  RetryDeadLetterRequest as RetryDeadLetterRequestInput,
  RetryDeadLetterRequest__Output as RetryDeadLetterRequest,
} from '../gen/redqueen/v1/RetryDeadLetterRequest.ts';
export type {
  RetryDeadLetterResponse as RetryDeadLetterResponseInput,
  RetryDeadLetterResponse__Output as RetryDeadLetterResponse,
} from '../gen/redqueen/v1/RetryDeadLetterResponse.ts';
export type {
  RewardAggregatorServiceStateRequest as RewardAggregatorServiceStateRequestInput,
  RewardAggregatorServiceStateRequest__Output as RewardAggregatorServiceStateRequest,
} from '../gen/redqueen/v1/RewardAggregatorServiceStateRequest.ts';
export type {
  RewardAggregatorServiceStateResponse as RewardAggregatorServiceStateResponseInput,
  RewardAggregatorServiceStateResponse__Output as RewardAggregatorServiceStateResponse,
} from '../gen/redqueen/v1/RewardAggregatorServiceStateResponse.ts';
export type { Rewards as RewardsInput, Rewards__Output as Rewards } from '../gen/redqueen/v1/Rewards.ts';
export type {
  RollbackRequest as RollbackRequestInput,
  RollbackRequest__Output as RollbackRequest,
} from '../gen/redqueen/v1/RollbackRequest.ts';
export type {
  RollbackResponse as RollbackResponseInput,
  RollbackResponse__Output as RollbackResponse,
} from '../gen/redqueen/v1/RollbackResponse.ts';
export type {
  RollbackVersionRequest as RollbackVersionRequestInput,
  RollbackVersionRequest__Output as RollbackVersionRequest,
} from '../gen/redqueen/v1/RollbackVersionRequest.ts';
export type {
  RollbackVersionResponse as RollbackVersionResponseInput,
  RollbackVersionResponse__Output as RollbackVersionResponse,
} from '../gen/redqueen/v1/RollbackVersionResponse.ts';
export type { Run as RunInput, Run__Output as Run } from '../gen/redqueen/v1/Run.ts';
export type { RunStatus__Output as RunStatus } from '../gen/redqueen/v1/RunStatus.ts';
export type { Sample as SampleInput, Sample__Output as Sample } from '../gen/redqueen/v1/Sample.ts';
export type { SampleGroup as SampleGroupInput, SampleGroup__Output as SampleGroup } from '../gen/redqueen/v1/SampleGroup.ts';
export type { ScorePrompt as ScorePromptInput, ScorePrompt__Output as ScorePrompt } from '../gen/redqueen/v1/ScorePrompt.ts';
export type { ScoreRequest as ScoreRequestInput, ScoreRequest__Output as ScoreRequest } from '../gen/redqueen/v1/ScoreRequest.ts';
export type { ScoreResponse as ScoreResponseInput, ScoreResponse__Output as ScoreResponse } from '../gen/redqueen/v1/ScoreResponse.ts';
export type { ServiceHealth as ServiceHealthInput, ServiceHealth__Output as ServiceHealth } from '../gen/redqueen/v1/ServiceHealth.ts';
export type { Settlement as SettlementInput, Settlement__Output as Settlement } from '../gen/redqueen/v1/Settlement.ts';
export type { SettlementStatus__Output as SettlementStatus } from '../gen/redqueen/v1/SettlementStatus.ts';
export type { Slot as SlotInput, Slot__Output as Slot } from '../gen/redqueen/v1/Slot.ts';
export type { SlotPreview as SlotPreviewInput, SlotPreview__Output as SlotPreview } from '../gen/redqueen/v1/SlotPreview.ts';
export type {
  StartRunRequest as StartRunRequestInput,
  StartRunRequest__Output as StartRunRequest,
} from '../gen/redqueen/v1/StartRunRequest.ts';
export type {
  StartRunResponse as StartRunResponseInput,
  StartRunResponse__Output as StartRunResponse,
} from '../gen/redqueen/v1/StartRunResponse.ts';
export type { StopRunRequest as StopRunRequestInput, StopRunRequest__Output as StopRunRequest } from '../gen/redqueen/v1/StopRunRequest.ts';
export type {
  StopRunResponse as StopRunResponseInput,
  StopRunResponse__Output as StopRunResponse,
} from '../gen/redqueen/v1/StopRunResponse.ts';
export type {
  SubmitTaskRequest as SubmitTaskRequestInput,
  SubmitTaskRequest__Output as SubmitTaskRequest,
} from '../gen/redqueen/v1/SubmitTaskRequest.ts';
export type {
  SubmitTaskResponse as SubmitTaskResponseInput,
  SubmitTaskResponse__Output as SubmitTaskResponse,
} from '../gen/redqueen/v1/SubmitTaskResponse.ts';
export type { Task as TaskInput, Task__Output as Task } from '../gen/redqueen/v1/Task.ts';
export type { TaskSpec as TaskSpecInput, TaskSpec__Output as TaskSpec } from '../gen/redqueen/v1/TaskSpec.ts';
export type { TrainingGroup as TrainingGroupInput, TrainingGroup__Output as TrainingGroup } from '../gen/redqueen/v1/TrainingGroup.ts';
export type { TrainingSample as TrainingSampleInput, TrainingSample__Output as TrainingSample } from '../gen/redqueen/v1/TrainingSample.ts';
export type { TrainingStats as TrainingStatsInput, TrainingStats__Output as TrainingStats } from '../gen/redqueen/v1/TrainingStats.ts';
export type { Transition as TransitionInput, Transition__Output as Transition } from '../gen/redqueen/v1/Transition.ts';
export type { Transitions as TransitionsInput, Transitions__Output as Transitions } from '../gen/redqueen/v1/Transitions.ts';
export type { Verdict as VerdictInput, Verdict__Output as Verdict } from '../gen/redqueen/v1/Verdict.ts';
export type { Verdicts as VerdictsInput, Verdicts__Output as Verdicts } from '../gen/redqueen/v1/Verdicts.ts';
export type {
  VersionsRequest as VersionsRequestInput,
  VersionsRequest__Output as VersionsRequest,
} from '../gen/redqueen/v1/VersionsRequest.ts';
export type {
  VersionsResponse as VersionsResponseInput,
  VersionsResponse__Output as VersionsResponse,
} from '../gen/redqueen/v1/VersionsResponse.ts';
export type {
  WatchRunRequest as WatchRunRequestInput,
  WatchRunRequest__Output as WatchRunRequest,
} from '../gen/redqueen/v1/WatchRunRequest.ts';
export type {
  WatchRunResponse as WatchRunResponseInput,
  WatchRunResponse__Output as WatchRunResponse,
} from '../gen/redqueen/v1/WatchRunResponse.ts';
