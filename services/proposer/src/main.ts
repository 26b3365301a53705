import { runService } from '@redqueen/runtime';
import { createProposer } from './service.ts';

await runService('proposer', createProposer);
