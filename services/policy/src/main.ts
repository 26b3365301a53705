import { runService } from '@redqueen/runtime';
import { createPolicy } from './service.ts';

await runService('policy', createPolicy);
