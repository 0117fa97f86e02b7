import { createHash } from 'node:crypto';

import { type InputError, type Json, coreErrors } from '#core';

type JsonObject = { readonly [member: string]: Json };

/** How an update says whose it is: by `ccId`, or by `serial` as the older sample does. */
export type Customer =
  { readonly ccId: { readonly resellerId: string; readonly divisionId: string } } | { readonly serial: string };

/** The counts that the document knows, as JSON pointers. What it does not know is kept as it came. */
const COUNTS = [
  '/digitalOnlySeats',
  '/essentialSeats',
  '/professionalSeats',
  '/eliteSeats',
  '/workforceOptimizationSeats',
  '/workforceManagementSeats',
  '/speechAnalyticsSeats',
  '/dialerSeats',
  '/additionalAiMessages',
  '/aiMessaging/standardBundles',
  '/aiMessaging/advancedBundles',
  '/aiAudioServices/seatLicenses',
  '/aiAudioServices/additionalHours',
  '/ehrEmrIntegrationSeats',
] as const;

/**
 * Reads an update.
 * @throws VALIDATION_ERROR that names everything that is wrong
 */
export function readEntitlement(body: Json | undefined): { customer: Customer; entitlement: JsonObject } {
  if (!isObject(body)) throw refusal([{ pointer: '', code: 'WRONG_TYPE', detail: 'a JSON object is expected' }]);
  const customer = customerOf(body);
  const errors = [...(customer ? [] : [NO_CUSTOMER]), ...COUNTS.flatMap((pointer) => countErrors(body, pointer))];
  if (!customer || errors.length > 0) throw refusal(errors);
  return { customer, entitlement: body };
}

/** The same for the same customer, whatever else the update says. */
export const customerHash = (customer: Customer): string => {
  const parts = 'serial' in customer ? ['serial', customer.serial] : ['ccId', ...idsOf(customer)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
};

const idsOf = ({ ccId }: Extract<Customer, { ccId: unknown }>): string[] => [ccId.resellerId, ccId.divisionId];

const NO_CUSTOMER: InputError = {
  pointer: '/ccId',
  code: 'REQUIRED',
  detail: 'either `ccId` with `resellerId` and `divisionId`, or `serial`, each 1 to 255 characters',
};

function customerOf({ ccId, serial }: JsonObject): Customer | undefined {
  if (ccId !== undefined) {
    if (!isObject(ccId) || !isIdentifier(ccId['resellerId']) || !isIdentifier(ccId['divisionId'])) return undefined;
    return { ccId: { resellerId: ccId['resellerId'], divisionId: ccId['divisionId'] } };
  }
  return isIdentifier(serial) ? { serial } : undefined;
}

function countErrors(body: JsonObject, pointer: string): InputError[] {
  const value = pointer
    .slice(1)
    .split('/')
    .reduce<Json | undefined>((parent, name) => (isObject(parent) ? parent[name] : undefined), body);
  const isCount = value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
  return isCount ? [] : [{ pointer, code: 'INVALID_VALUE', detail: 'a whole number of 0 or more is expected' }];
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIdentifier = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.length >= 1 && value.length <= 255;

const refusal = (errors: InputError[]): Error => coreErrors.VALIDATION_ERROR({ errors });
