import type { StatusUrls } from '#pki';

/** Where others find what an authority publishes; these addresses stand in every certificate that it issues. */
export abstract class PkiUrls {
  abstract ofAuthority(caId: string): Required<StatusUrls>;
}

/** @param publicUrl without a slash at its end */
export const authorityUrls = (publicUrl: string, caId: string): Required<StatusUrls> => ({
  caIssuers: `${publicUrl}/pki/${caId}/ca.crt`,
  crl: `${publicUrl}/pki/${caId}/crl`,
  ocsp: `${publicUrl}/pki/${caId}/ocsp`,
});
