/**
 * Issuing CAs of public CAs that issue no more, or soon will not: a `2 1 1` record of one breaks with the next renewal. A table as of the date
 * below, by the keys that the CA has published; each entry with the CA's own announcement. A CA that is not here may have retired all the
 * same.
 */

/** When the announcements were last read, ISO 8601. */
export const RETIRED_CAS_AS_OF = '2026-09-30';

export interface RetiredCa {
  readonly ca: string;
  /** SHA2-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** Day from which it issues no more by default, ISO 8601. */
  readonly since: string;
  readonly source: string;
}

/** Replaced by R10 to R14 and E5 to E9. */
const JUNE_2024 = {
  since: '2024-06-06',
  source: 'https://letsencrypt.org/2024/04/12/changes-to-issuance-chains',
};
/** Replaced by YR1 to YR3 and YE1 to YE3. */
const GENERATION_Y = {
  since: '2026-05-13',
  source: 'https://letsencrypt.org/2025/11/24/gen-y-hierarchy.html',
};

function letsEncrypt(name: string, spkiSha256: string, when: Pick<RetiredCa, 'since' | 'source'>): RetiredCa {
  return { ca: `Let's Encrypt ${name}`, spkiSha256, ...when };
}

export const RETIRED_CAS: readonly RetiredCa[] = [
  letsEncrypt('R3', '8d02536c887482bc34ff54e41d2ba659bf85b341a0a20afadb5813dcfbcf286d', JUNE_2024),
  letsEncrypt('R4', 'e5545e211347241891c554a03934cde9b749664a59d26d615fe58f77990f2d03', JUNE_2024),
  letsEncrypt('E1', '276fe8a8c4ec7611565bf9fce6dcace9be320c1b5bea27596b2204071ed04f10', JUNE_2024),
  letsEncrypt('E2', 'bd936e72b212ef6f773102c6b77d38f94297322efc25396bc3279422e0c89270', JUNE_2024),
  letsEncrypt('R10', '2bbad93ab5c79279ec121507f272cbe0c6647a3aae52e22f388afab426b4adba', GENERATION_Y),
  letsEncrypt('R11', '6ddac18698f7f1f7e1c69b9bce420d974ac6f94ca8b2c761701623f99c767dc7', GENERATION_Y),
  letsEncrypt('R12', '919c0df7a787b597ed056ace654b1de9c0387acf349f73734a4fd7b58cf612a4', GENERATION_Y),
  letsEncrypt('R13', '025490860b498ab73c6a12f27a49ad5fe230fafe3ac8f6112c9b7d0aad46941d', GENERATION_Y),
  letsEncrypt('R14', 'f1647a5ee3efac54c892e930584fe47979b7acd1c76c1271bca1c5076d869888', GENERATION_Y),
  letsEncrypt('E5', '3586d4ecf070578cbd27aedce20b964e48bc149faeb9dad72f46b857869172b8', GENERATION_Y),
  letsEncrypt('E6', 'd016e1fe311948aca64f2de44ce86c9a51ca041df6103bb52a88eb3f761f57d7', GENERATION_Y),
  letsEncrypt('E7', 'cbbc559b44d524d6a132bdac672744da3407f12aae5d5f722c5f6c7913871c75', GENERATION_Y),
  letsEncrypt('E8', '885bf0572252c6741dc9a52f5044487fef2a93b811cdedfad7624cc283b7cdd5', GENERATION_Y),
  letsEncrypt('E9', 'f1440a9b76e1e41e53a4cb461329bf6337b419726be513e42e19f1c691c5d4b2', GENERATION_Y),
];

/** The entry of this key, if it has one. */
export function retiredCa(spkiSha256: string): RetiredCa | undefined {
  return RETIRED_CAS.find((entry) => entry.spkiSha256 === spkiSha256);
}
