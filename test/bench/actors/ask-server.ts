// The same unary call served twice, by our RPC layer and by grpc-js alone, in a process of its own. Prints the two ports; ends with its parent.
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import { silentLogger, startRpcServer } from '@redqueen/runtime';
import { curriculumDefinition } from './ask-definition.ts';

const slots = Array.from({ length: 4 }, (_, level) => ({ environment: 'arithmetic', family: 'add', level }));

const ours = await startRpcServer({
  host: '127.0.0.1',
  port: 0,
  implementation: { CurriculumService: { Next: async ({ count }) => ({ slots: slots.slice(0, count) }), State: async () => ({}) } },
  logger: silentLogger,
});

const server = new Server();
const next: handleUnaryCall<{ count: number }, object> = ({ request }, callback) =>
  callback(null, { slots: slots.slice(0, request.count) });
const state: handleUnaryCall<object, object> = (_, callback) => callback(null, {});
server.addService(curriculumDefinition(), { Next: next, State: state });
const raw = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
});

process.on('disconnect', () => process.exit());
process.send?.({ ours: ours.port, raw });
