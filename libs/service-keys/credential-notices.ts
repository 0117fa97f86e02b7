import type { Notice } from '#contacts';
import { type EpochMilliseconds, toRfc3339 } from '#core';
import { inLine } from '#mail';

import type { Credential, Service } from './entities.js';

type Named = Pick<Credential, 'id' | 'authType' | 'name'>;

const AUTH_TYPE_NAMES = { service_key: 'service key', jwt: 'JWT credential' } as const;

const described = ({ id, authType, name }: Named, { name: service }: Pick<Service, 'name'>): string =>
  `${AUTH_TYPE_NAMES[authType]} ${inLine(name ?? id)} of the service ${inLine(service)}`;

/** Chancery created a successor, whose secret a person has to hand to the service. */
export const successionNotice = (
  credential: Named & Pick<Credential, 'serviceId' | 'expiresAt'>,
  successor: Pick<Credential, 'id' | 'expiresAt'>,
  service: Pick<Service, 'name'>,
): Notice => ({
  key: ['succession', credential.id, successor.id],
  subject: `the ${described(credential, service)} got a successor`,
  lines: [
    `The ${described(credential, service)} expires${at(credential.expiresAt)}, and no other one of its type is active.`,
    `Chancery created the successor ${successor.id}, which expires${at(successor.expiresAt)}.`,
    'Read its secret in the console, and configure the service with it before then.',
  ],
  page: `services/${credential.serviceId}`,
});

/** A use of a credential whose secret was right and which was rejected nevertheless. */
export const refusedUseNotice = (
  credential: Named & Pick<Credential, 'serviceId'>,
  service: Pick<Service, 'name'>,
  { code, day, sourceAddress }: { readonly code: string; readonly day: string; readonly sourceAddress: string | null },
): Notice => ({
  key: ['refused use', credential.id, day],
  subject: `the ${described(credential, service)} is used and rejected`,
  lines: [
    `The ${described(credential, service)} was used${sourceAddress === null ? '' : ` from ${sourceAddress}`} and rejected: ${code}.`,
    'Something still has this secret. Configure it with an active credential, or find out who else knows it.',
    `There is at most one e-mail a day about a credential; the history has every use (${day}).`,
  ],
  page: `services/${credential.serviceId}`,
});

const at = (instant: EpochMilliseconds | null): string => (instant === null ? ' never' : ` at ${toRfc3339(instant)}`);
