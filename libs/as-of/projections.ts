import { certificateProjection, foreignCertificateProjection } from '#certificates';
import { keyProjection } from '#keys';
import { credentialProjection, serviceProjection, trustProjection } from '#service-keys';
import { profileProjection } from '#signing';
import { memberProjection, tenantProjection } from '#tenants';

/** What is shown, in the order of the answer: a new kind is a line here and the projection of its library. */
const shown = {
  services: serviceProjection,
  credentials: credentialProjection,
  trusts: trustProjection,
  keys: keyProjection,
  tokenProfiles: profileProjection,
  certificates: certificateProjection,
  members: memberProjection,
} as const;

/** All that is rebuilt, and so all that is carried forward when events are erased. */
export const projections = {
  ...shown,
  tenant: tenantProjection,
  foreignCertificates: foreignCertificateProjection,
} as const;

export type AsOfKind = keyof typeof shown;
export type RebuiltKind = keyof typeof projections;
export const asOfKinds = Object.keys(shown) as AsOfKind[];
export const rebuiltKinds = Object.keys(projections) as RebuiltKind[];
