/** What `check` takes as a target. */
import { parseTarget, SmtpError, type Target } from '@mailanchor/smtp';
import { messageOf, UsageError } from '../errors.ts';
import type { ListLine } from '../list/lines.ts';
import { shown } from '../options/given.ts';

export type TargetLine = ListLine<Target>;

/** A target as the user wrote it. Throws `UsageError`. */
export function readTarget(text: string): Target {
  let target: Target;
  try {
    target = parseTarget(text);
  } catch (error) {
    if (error instanceof SmtpError) throw new UsageError(`target ${messageOf(error)}`, { cause: error });
    throw error;
  }
  const name =
    target.kind === 'service' ? target.host : target.kind === 'address-literal' ? undefined : target.domain;
  // Names of the DNS may hold any octet; names of mail domains and hosts do not.
  if (name !== undefined && !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name)) {
    throw new UsageError(`target ${shown(text)}: not a domain name`);
  }
  return target;
}
