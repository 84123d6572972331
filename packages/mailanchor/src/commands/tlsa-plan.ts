/** `mailanchor tlsa plan`: the state of each host and the one safe step that is next. Changes nothing. */
import type { Decision, RollState, RollStep } from '@mailanchor/dane';
import type { Context } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { tlsaChange } from '../tlsa-roll/act.ts';
import { decisionJson } from '../tlsa-roll/events.ts';
import { hintOf } from '../tlsa-roll/hint.ts';
import { hostFolder } from '../tlsa-roll/kept-state.ts';
import { openRoll } from '../tlsa-roll/open.ts';
import { decide } from '../tlsa-roll/pass.ts';
import { type PlannedHost, renderPlan } from '../tlsa-roll/render.ts';

export async function runTlsaPlan(options: Record<string, unknown>, context: Context): Promise<number> {
  const { voice, around, hosts } = await openRoll(context, options);
  const planned = await Promise.all(
    hosts.map(async (host): Promise<PlannedHost> => {
      const folder = hostFolder(around.settings.state.path, host.name);
      const { decision, look, lost } = await decide(host, folder, around);
      if (lost !== undefined) voice.warn(`${host.name}: ${lost}`);
      const change = changeOf(decision.step);
      const tlsa = change && tlsaChange(change, { look, host });
      const publisher = tlsa && (await around.publisherOf(host));
      const told =
        tlsa && publisher ? publisher.describe(tlsa) : hintOf(decision.step, host, look)?.join('\n');
      return { host: host.name, decision, ...(told !== undefined && { change: told }) };
    }),
  );
  if (voice.json) {
    const told = planned.map(({ host, decision, change }) => ({
      host,
      ...decisionJson(decision),
      ...(change !== undefined && { change }),
    }));
    voice.printJson({ checkedAt: new Date(around.clock()).toISOString(), hosts: told });
  } else voice.print(renderPlan(planned, voice));
  return worst(planned.map(({ decision }) => decision));
}

function changeOf(step: RollStep) {
  const next = step.kind === 'wait' ? step.held : step;
  return next && (next.kind === 'publish' || next.kind === 'remove') ? next.change : undefined;
}

const STATUS: Readonly<Record<RollState, number>> = {
  steady: ExitCode.ok,
  unprotected: ExitCode.notApplicable,
  publishing: ExitCode.partial,
  aging: ExitCode.partial,
  ready: ExitCode.partial,
  deploying: ExitCode.partial,
  retiring: ExitCode.partial,
  unseen: ExitCode.unknown,
  blocked: ExitCode.failed,
  broken: ExitCode.failed,
};

/** As of several targets of a check: broken and blocked, unseen, on its way, unprotected, steady. */
export function worst(decisions: readonly Pick<Decision, 'state'>[]): number {
  const order = [
    ExitCode.failed,
    ExitCode.unknown,
    ExitCode.partial,
    ExitCode.notApplicable,
    ExitCode.ok,
  ] as const;
  const found = new Set(decisions.map(({ state }) => STATUS[state]));
  return order.find((status) => found.has(status)) ?? ExitCode.ok;
}
