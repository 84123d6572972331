/** Names of the profiles that are shipped, each a file of the package's folder `profiles`. */
export const PROFILE_NAMES = [
  'rfc7672',
  'internetnl-mail',
  'ncsc-nl',
  'bsi-tr-03108',
  'nist-800-177',
  'csa',
] as const;
