import { type GeneralName, NAME_ATTRIBUTES } from '../x509/names.js';
import type { NamePolicy } from './rule.js';

/**
 * The common name of a request without one: the first of its alternative names that is short enough (RFC 5280 appendix A.1).
 * `undefined` where the policy does not say so, or no name can be one.
 */
export const commonNameFromSan = (
  policy: Pick<NamePolicy, 'commonNameFromSan'>,
  names: readonly GeneralName[],
): string | undefined =>
  policy.commonNameFromSan
    ? names.find(({ value }) => value.trim() !== '' && value.length <= NAME_ATTRIBUTES.commonName.maxLength)?.value
    : undefined;
