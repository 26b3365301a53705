import { runService } from '@redqueen/runtime';
import { createRewardAggregator } from './service.ts';

await runService('reward-aggregator', createRewardAggregator);
