/** `@mailanchor/dns`: names, messages, record types, presentation format, EDNS and transports. */
export * from './address.ts';
export * from './base32hex.ts';
export { detachName, detachRecords, detachRRset } from './detach.ts';
export * from './edns.ts';
export * from './embedded-names.ts';
export * from './errors.ts';
export * from './iana/ede.ts';
export * from './iana/opcode.ts';
export * from './iana/rcode.ts';
export * from './iana/rr-class.ts';
export * from './iana/rr-type.ts';
export * from './iana/tsig.ts';
export * from './message.ts';
export * from './message-build.ts';
export { decodeMessage, MAX_MESSAGE_OCTETS } from './message-decode.ts';
export * from './message-encode.ts';
export * from './name.ts';
export * from './octets.ts';
export { rdataFromText, rdataToText, recordToText } from './presentation/rdata-text.ts';
export {
  parseRecord,
  parseZoneFile,
  type RecordTextOptions,
  type ZoneFileOptions,
} from './presentation/zone-file.ts';
export { decodeA, encodeA } from './rdata/a.ts';
export { decodeAaaa, encodeAaaa } from './rdata/aaaa.ts';
export { type CaaData, decodeCaa, encodeCaa } from './rdata/caa.ts';
export { type CsyncData, decodeCsync, encodeCsync } from './rdata/csync.ts';
export { type DnskeyData, decodeDnskey, encodeDnskey } from './rdata/dnskey.ts';
export { type DsData, decodeDs, encodeDs } from './rdata/ds.ts';
export { decodeMx, encodeMx, type MxData } from './rdata/mx.ts';
export { decodeNaptr, encodeNaptr, type NaptrData } from './rdata/naptr.ts';
export { decodeNsec, encodeNsec, type NsecData } from './rdata/nsec.ts';
export { decodeNsec3, encodeNsec3, type Nsec3Data } from './rdata/nsec3.ts';
export { decodeNsec3param, encodeNsec3param, type Nsec3paramData } from './rdata/nsec3param.ts';
export { decodeOpenpgpkey, encodeOpenpgpkey, type OpenpgpkeyData } from './rdata/openpgpkey.ts';
export { decodeRrsig, encodeRrsig, type RrsigData } from './rdata/rrsig.ts';
export { decodeSingleName, encodeSingleName } from './rdata/single-name.ts';
export { decodeSoa, encodeSoa, type SoaData } from './rdata/soa.ts';
export { decodeSrv, encodeSrv, type SrvData } from './rdata/srv.ts';
export { decodeSshfp, encodeSshfp, type SshfpData } from './rdata/sshfp.ts';
export { decodeSvcb, encodeSvcb, type SvcbData, type SvcParameter } from './rdata/svcb.ts';
export { SvcParameterKey } from './rdata/svcb-parameters.ts';
export { decodeTlsa, encodeTlsa, type TlsaData } from './rdata/tlsa.ts';
export { decodeTxt, encodeTxt, type TxtData } from './rdata/txt.ts';
export { TypeBitmap } from './rdata/type-bitmap.ts';
export { decodeZonemd, encodeZonemd, type ZonemdData } from './rdata/zonemd.ts';
export * from './record.ts';
export * from './rrset.ts';
export {
  type CookieJar,
  type CookieJarOptions,
  type CookieJudgement,
  createCookieJar,
} from './server/cookie-jar.ts';
export { createListener, type DnsListener } from './server/listener.ts';
export type {
  DnsClient,
  InheritedSocket,
  ListenerLimits,
  ListenerOptions,
  ListenerProtocol,
  ListenerStats,
  QueryHandler,
  Reply,
  TlsCredentials,
} from './server/listener-options.ts';
export {
  createHttpsTransport,
  HTTPS_PORT,
  type HttpsTransportOptions,
  httpsEndpoint,
} from './transport/https.ts';
export { isPadded, RESPONSE_PADDING_BLOCK, withPadding } from './transport/padding.ts';
export type { RandomFill } from './transport/random.ts';
export { lookUpServer } from './transport/server-lookup.ts';
export { createTcpTransport, type TcpTransportOptions } from './transport/tcp.ts';
export { createTlsTransport, TLS_PORT, type TlsTransportOptions } from './transport/tls.ts';
export type { TlsServerOptions } from './transport/tls-connection.ts';
export * from './transport/transport.ts';
export { createUdpTransport, type UdpTransportOptions } from './transport/udp.ts';
export { createTransport, type TransportOptions } from './transport/udp-tcp.ts';
export type { TsigKey } from './tsig/key.ts';
export { parseTsigKey } from './tsig/key-text.ts';
export { type SignedMessage, type SigningOptions, signMessage, TSIG_FUDGE } from './tsig/sign.ts';
export { exchangeSigned, type SignedExchangeOptions, type SignedReply } from './tsig/signed-exchange.ts';
export { decodeTsig, encodeTsig, type TsigData } from './tsig/tsig-record.ts';
export { type TsigVerdict, type VerifyOptions, verifyTsig } from './tsig/verify.ts';
export * from './update.ts';
