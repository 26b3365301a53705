// A moleculer broker that answers, in a process of its own: node moleculer-server.ts NATS_URL. Ends with its parent.
import { openBroker } from './moleculer-broker.ts';

const slots = Array.from({ length: 4 }, (_, level) => ({ environment: 'arithmetic', family: 'add', level }));
const broker = await openBroker(process.argv[2] ?? '', 'answerer');
broker.createService({
  name: 'curriculum',
  actions: { next: ({ params }) => ({ slots: slots.slice(0, (params as { readonly count: number }).count) }) },
});
await broker.start();
process.on('disconnect', () => process.exit());
process.send?.('ready');
