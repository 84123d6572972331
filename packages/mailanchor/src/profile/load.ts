/** A profile by its name, or by the file of somebody's own. Those of names are files too, in the package's folder `profiles`. */
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { PROFILE_NAMES } from './names.ts';
import { type Profile, profileSchema } from './profile.ts';

/** As far from here in the source as in the bundle. */
export const PROFILE_FOLDER = new URL('../../profiles/', import.meta.url);

/** Throws `UsageError` for a name that is unknown and a file that cannot be read or is no profile. */
export async function loadProfile(given: string): Promise<Profile> {
  const named = PROFILE_NAMES.find((name) => name === given);
  if (named !== undefined) return readProfile(fileURLToPath(new URL(`${named}.yaml`, PROFILE_FOLDER)));
  if (!/[./]/.test(given)) {
    throw new UsageError(
      `--profile: no profile ${given}. There is: ${PROFILE_NAMES.join(', ')}; or the path of a file`,
    );
  }
  return readProfile(given);
}

async function readProfile(path: string): Promise<Profile> {
  const text = await readTextFile(path, '--profile');
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error).split('\n')[0]}`, { cause: error });
  }
  const parsed = profileSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${path}: ${z.prettifyError(parsed.error).split('\n').slice(0, 2).join(' ')}`);
}
