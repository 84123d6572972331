/** Names as reports have them: lower case, without trailing dot; `.` for the root. */
import type { Name } from '@mailanchor/dns';

export function nameText(name: Name): string {
  return name.isRoot ? '.' : name.toString().slice(0, -1).toLowerCase();
}
