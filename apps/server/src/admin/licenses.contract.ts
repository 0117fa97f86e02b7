import type { Json, Rfc3339 } from '#core';
import type { License as LicenseRow, LicenseRevision as RevisionRow } from '#licensing';

import { Identifier, Instant, JsonObject, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';

const CUSTOMER_EXAMPLE = { ccId: { resellerId: 'EXAMPLERESELLERID', divisionId: 'EXAMPLEDIVISIONID' } };
const KID_EXAMPLE = '3343c158-d371-41cd-be7d-d8b3cb133445';

export class License {
  @Identifier({ description: 'Id of the entitlement' }) id: string;
  @JsonObject({ example: CUSTOMER_EXAMPLE, description: 'The customer, identified by `ccId` or `serial`' })
  customer: object;
  @JsonObject({ example: { ...CUSTOMER_EXAMPLE, eliteSeats: 15 }, description: 'Content of the latest revision' })
  entitlement: { readonly [member: string]: Json };
  @WholeNumber({ min: 1, description: 'Number of the newest update; the ETag', example: 3 }) revision: number;
  @Text({ max: 128, description: 'The certificate that signed it', example: KID_EXAMPLE }) kid: string;
  @Instant({ description: 'When the first update was accepted' }) createdAt: Rfc3339;
  @Instant({ description: 'When the newest update was accepted' }) updatedAt: Rfc3339;
}

export class LicensePage extends PageOf(License) {}

export class LicenseRevision {
  @WholeNumber({ min: 1, description: 'Revision number', example: 3 }) revision: number;
  @Text({
    max: 65_536,
    multiline: true,
    description: 'The body as it was received, byte by byte',
    example: '{"serial":"EXAMPLECUSTOMER1D57107A415DEE77F","eliteSeats":15}',
  })
  body: string;
  @Text({
    max: 64,
    description: 'SHA-256 of the body: the `payload_hash` that was signed',
    example: 'fc9be0662a10e190e7faf49a4906398a9d6b9df47d7bbdac1b182dadb2044bcc',
  })
  bodyHash: string;
  @Text({ max: 128, description: 'The certificate that signed', example: KID_EXAMPLE }) kid: string;
  @Text({ max: 500, description: 'The name in that certificate', example: 'CN=My Awesome Reseller' }) subject: string;
  @Identifier({ nullable: true, description: 'The service that the certificate was issued to' })
  serviceId: string | null;
  @Text({ max: 64, description: 'The `jti`', example: 'b6df15ce-8d6e-4a4f-9065-3834c1adbd10' }) tokenId: string;
  @Instant({ description: 'When it was accepted' }) receivedAt: Rfc3339;
}

export class LicenseRevisionPage extends PageOf(LicenseRevision) {}

export const presentLicense = (row: LicenseRow): License => present(License, row);

export const presentLicenseRevision = (row: RevisionRow): LicenseRevision => present(LicenseRevision, row);
