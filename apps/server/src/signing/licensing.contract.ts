import type { AcceptedUpdate } from '#licensing';

import { Choice, Identifier, WholeNumber } from '../http/fields.js';

export class LicenseUpdateAnswer {
  @Choice(['accepted'], { example: 'accepted' })
  status: 'accepted';

  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', description: 'The entitlement of the customer' })
  licenseId: string;

  @WholeNumber({ min: 1, example: 3, description: 'Revision number: accepted updates of this customer' })
  revision: number;

  static of({ licenseId, revision }: AcceptedUpdate): LicenseUpdateAnswer {
    return { status: 'accepted', licenseId, revision };
  }
}

export const LICENSE_UPDATE_EXAMPLE = {
  ccId: { resellerId: 'EXAMPLERESELLERID', divisionId: 'EXAMPLEDIVISIONID' },
  eliteSeats: 15,
  aiMessaging: { standardBundles: 5, advancedBundles: 0 },
};
