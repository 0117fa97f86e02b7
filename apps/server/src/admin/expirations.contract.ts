import { Identifier, Instant, InstantOrDate, Text } from '../http/fields.js';
import { PageOf, PageQuery } from './page.contract.js';

const ID_EXAMPLE = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';

export class ExpirationQuery extends PageQuery {
  @InstantOrDate({ optional: true, description: 'Only what happens until then; in 30 days if absent' }) before?: number;
  @Text({ optional: true, max: 64, description: 'Only things of this kind', example: 'certificate' }) kind?: string;
}

/** Something that will happen, and when. */
export class Expiration {
  @Text({ description: 'Kind of the thing', example: 'credential' }) kind: string;
  @Identifier({ description: 'Its id' }) id: string;
  @Instant({ description: 'When it happens' }) dueAt: string;
  @Text({ description: 'What happens then', example: 'expires' }) happens: string;
  @Text({ optional: true, description: 'Name of the thing, where it has one', example: 'billing' }) name?: string;
  @Text({ optional: true, max: 128, description: 'Its kid, where it has one', example: ID_EXAMPLE }) kid?: string;
}

export class ExpirationPage extends PageOf(Expiration) {}
