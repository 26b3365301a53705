import { runService } from '@redqueen/runtime';
import { createExecutor } from './service.ts';

await runService('executor', createExecutor);
