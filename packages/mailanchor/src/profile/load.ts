/** A profile by its name, or by the file of somebody's own. */
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { type Profile, profileSchema } from './profile.ts';
import { RFC7672 } from './rfc7672.ts';

const BUILT_IN: readonly Profile[] = [RFC7672];

/** Throws `UsageError` for a name that is unknown and a file that cannot be read or is no profile. */
export async function loadProfile(given: string): Promise<Profile> {
  const known = BUILT_IN.find(({ name }) => name === given);
  if (known) return known;
  if (!/[./]/.test(given)) {
    const names = BUILT_IN.map(({ name }) => name).join(', ');
    throw new UsageError(`--profile: no profile ${given}. There is: ${names}; or the path of a file`);
  }
  const text = await readTextFile(given, '--profile');
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new UsageError(`${given}: ${messageOf(error).split('\n')[0]}`, { cause: error });
  }
  const parsed = profileSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${given}: ${z.prettifyError(parsed.error).split('\n').slice(0, 2).join(' ')}`);
}
