// The command line, for tests and tools.
export { program } from './program.ts';
export { exitCodes } from './exit-codes.ts';
