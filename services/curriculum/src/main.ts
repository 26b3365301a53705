import { runService } from '@redqueen/runtime';
import { createCurriculum } from './service.ts';

await runService('curriculum', createCurriculum);
