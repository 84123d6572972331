/**
 * `@mailanchor/lab`: a signed Internet on loopback, in process and unprivileged: root, top-level domains, domains that are good or
 * broken in one way each, mail hosts with STARTTLS. `startLab` raises it; `createLabNetwork` has its zones without sockets. The
 * parts (zones, signer, authority, certificates, mail hosts) are there to build other scenes from.
 */
export { answer } from './authority/answer.ts';
export { type DnsServers, serveDns } from './authority/dns-server.ts';
export { AuthorityNetwork, type AuthorityServer } from './authority/network.ts';
export { type DenialFault, ServedZone } from './authority/served-zone.ts';
export type { ServerFault, ServerFaultKind, ServerReply } from './authority/server-fault.ts';
export { type AuthorityTransportOptions, createAuthorityTransport } from './authority/transport.ts';
export { SERVERS } from './build-zones.ts';
export * from './destination.ts';
export { LabError, type LabErrorCode } from './errors.ts';
export { FINDING_EXAMPLES, type FindingExample, NOT_IN_THE_LAB } from './finding-examples.ts';
export type { KeyPair } from './keys/key-pair.ts';
export { Seed } from './keys/seed.ts';
export {
  createSigningKey,
  type DsKind,
  dsRecords,
  type KeyRole,
  type SigningAlgorithm,
  type SigningKey,
} from './keys/signing-key.ts';
export { type Lab, type LabOptions, startLab } from './lab.ts';
export { createLabNetwork, type LabNetwork, type LabNetworkOptions } from './lab-network.ts';
export { type CertificateOptions, issueCertificate, type LabCertificate, toPem } from './mail/certificate.ts';
export type { MailFault } from './mail/mail-fault.ts';
export {
  type MailExtension,
  MailHost,
  type MailHostOptions,
  type MailRefusal,
  type ReceivedMail,
} from './mail/mail-host.ts';
export type { ServedPolicy } from './mail/policy-host.ts';
export type { ServiceDialect, ServiceFault } from './mail/service-session.ts';
export type { Listener } from './port.ts';
export { type DenialMethod, SignedZone, type SigningOptions } from './zone/signed-zone.ts';
export type { SignatureFault, SigningFault } from './zone/signing-fault.ts';
export { recordsOf, Zone, type ZoneNode } from './zone/zone.ts';
