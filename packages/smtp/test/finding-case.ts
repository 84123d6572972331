/** One case of the table of findings: a world, and the finding that it must give. */
import type { FindingCode } from '../src/finding-table.ts';
import type { Severity } from '../src/verdict.ts';
import type { World } from './world.ts';

export interface FindingCase {
  readonly code: FindingCode;
  readonly when: string;
  readonly world: World;
  readonly severity: Severity;
  readonly subject: string;
  readonly text: RegExp;
  readonly fix?: string | RegExp;
}
