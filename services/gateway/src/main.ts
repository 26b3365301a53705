import { runService } from '@redqueen/runtime';
import { createGateway } from './service.ts';

await runService('gateway', createGateway);
