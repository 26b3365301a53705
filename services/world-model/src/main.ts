import { runService } from '@redqueen/runtime';
import { createWorldModel } from './service.ts';

await runService('world-model', createWorldModel);
