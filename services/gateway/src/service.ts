import { DeadLetters, Runs, type CreateService, type Handlers, type ServiceContext } from '@redqueen/runtime';
import { ClusterCosts } from './cost/costs.ts';
import type { Gateway } from './gateway.ts';
import { servePage } from './page/server.ts';
import { plugins } from './plugins.ts';
import { recipeResolver } from './recipes.ts';
import { agentHandlers } from './rpc/agents.ts';
import { ClusterStatus } from './rpc/cluster.ts';
import { deadLetterHandlers } from './rpc/dead-letters.ts';
import { episodeHandlers } from './rpc/episodes.ts';
import { knobHandlers } from './rpc/knobs.ts';
import { runHandlers } from './rpc/runs.ts';
import { storageHandlers } from './rpc/storage.ts';
import { watchHandler } from './rpc/watch.ts';
import { RunControl } from './run-control/run-control.ts';
import { RunViews } from './runs/views.ts';

async function openGateway(context: ServiceContext): Promise<Gateway> {
  return {
    context,
    runs: await Runs.open(context.bus),
    views: new RunViews(context),
    costs: await ClusterCosts.open(context),
    deadLetters: await DeadLetters.open(context.bus, context.clock),
    recipe: recipeResolver(context.config),
    pageAddress: '',
  };
}

/** Less than what the services behind it take: a crowd at the door must not keep them from each other. */
const maxCalls = 128;

/** The gateway: front door of the SDK, run control and the live page. */
export const createGateway: CreateService = async (context) => {
  const gateway = await openGateway(context);
  const page = await servePage(gateway);
  gateway.pageAddress = page.address;
  context.logger.info({ page: page.address }, `the live page is at ${page.address}`);
  const cluster = new ClusterStatus(gateway);
  const control = new RunControl(gateway);
  const handlers: Handlers<'GatewayService'> = {
    ...runHandlers(gateway),
    ...storageHandlers(gateway),
    ...agentHandlers(gateway),
    ...knobHandlers(gateway),
    ...episodeHandlers(gateway),
    ...deadLetterHandlers(gateway),
    WatchRun: watchHandler(gateway),
    Cluster: cluster.handler,
  };
  return {
    rpc: { GatewayService: handlers },
    maxCalls,
    plugins,
    dependencies: ['policy', 'proposer', 'executor', 'verifier', 'world-model', 'curriculum', 'reward-aggregator'],
    ready: async () => control.start(),
    close: async () => {
      await page.close();
      await control.ended();
      await gateway.views.close();
      cluster.close();
    },
  };
};
