import { addressOf, type KnobStateInput } from '@redqueen/contract';
import { declaredKnobs, knobFor, RedQueenError, type Recipe } from '@redqueen/core';
import { tellFromOutside, type Handlers } from '@redqueen/runtime';
import { readyView, recordOf, type Gateway } from '../gateway.ts';
import type { TurnedKnob } from '../projection/controls.ts';
import { isLive } from '../runs/views.ts';

type KnobHandlers = Pick<Handlers<'GatewayService'>, 'ListKnobs' | 'TurnKnob'>;

/** A knob as it stands in a run; undefined where the recipe has no such setting. */
function knobState(recipe: Recipe, name: string, turned: TurnedKnob | undefined): KnobStateInput | undefined {
  const { owner, low, high, about, initial } = declaredKnobs.get(name);
  const value = turned?.value ?? initial(recipe);
  return value === undefined ? undefined : { name, value, low, high, owner, about, by: turned?.by ?? '', reason: turned?.reason ?? '' };
}

/** RPCs about declared knobs. An operator's turn is a message on the run's stream, like a monitor's: nothing else ever changes a knob. */
export function knobHandlers(gateway: Gateway): KnobHandlers {
  return {
    ListKnobs: async ({ run }, call) => {
      const { record, projection } = await readyView(gateway, await recordOf(gateway, run), call.signal);
      return { knobs: declaredKnobs.names.flatMap((name) => knobState(record.recipe, name, projection.controls.knobs[name]) ?? []) };
    },
    TurnKnob: async ({ run, name, value, reason }) => {
      const record = await recordOf(gateway, run);
      const { owner } = knobFor(name, value);
      if (!isLive(record))
        throw new RedQueenError('failed_precondition', `run ${run} is ${record.status}: its knobs cannot be turned any more`);
      const knob = knobState(record.recipe, name, { value, by: 'operator', reason, seconds: 0 });
      if (!knob || declaredKnobs.get(name).initial(record.recipe) === undefined)
        throw new RedQueenError('invalid_argument', `knob ${name}: recipe ${record.recipe.name} has no use for it`);
      const { bus, ids } = gateway.context;
      const envelope = { id: `${run}-operator-${ids.next()}`, run, from: addressOf('gateway/0'), to: addressOf(owner) };
      await tellFromOutside(bus, envelope, { kind: 'knob', body: { name, value, by: 'operator', reason } });
      return { knob };
    },
  };
}
