/** All attacks, and the honest question beside them. */
import type { Attack } from './attack.ts';
import { DENIAL_ATTACKS } from './denial-attacks.ts';
import { KEY_ATTACKS } from './key-attacks.ts';
import { MESSAGE_ATTACKS } from './message-attacks.ts';
import { REFERRAL_ATTACKS } from './referral-attacks.ts';

export { type Attack, HONEST } from './attack.ts';

export const ATTACKS: readonly Attack[] = [
  ...KEY_ATTACKS,
  ...DENIAL_ATTACKS,
  ...MESSAGE_ATTACKS,
  ...REFERRAL_ATTACKS,
];
