import { runService } from '@redqueen/runtime';
import { createVerifier } from './service.ts';

await runService('verifier', createVerifier);
