import type { GatewayVerdict } from '#service-keys';

import { Compiled } from '../http/compiled-input.js';
import { Choice, Flag, Identifier, Nested, Text } from '../http/fields.js';

const SERVICE_EXAMPLE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

@Compiled()
export class CallerCredentials {
  @Text({
    optional: true,
    max: 17_000,
    example: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
    description: 'The `Authorization` header of the request to authenticate',
  })
  authorization?: string;

  @Text({
    optional: true,
    max: 200,
    example: 'csk_0000000000000000000000000000000000000000000000000',
    description: 'Its `X-Service-Key` header',
  })
  serviceKey?: string;

  @Identifier({
    optional: true,
    example: SERVICE_EXAMPLE,
    description: "Its `X-Service-Id` header: the service that a workload with its own issuer's token acts as",
  })
  serviceId?: string;

  @Text({
    optional: true,
    max: 45,
    example: '203.0.113.7',
    description: 'Source address of the request, for services with `allowedCidrs`',
  })
  sourceAddress?: string;
}

class EffectiveService {
  @Identifier({ example: SERVICE_EXAMPLE })
  id: string;

  @Text({ max: 100, example: 'billing' })
  name: string;
}

export class CallerVerdict {
  @Flag({ description: 'Whether the request is accepted' })
  active: boolean;

  @Text({ max: 64, example: 'OK', description: '`OK`, or the code of the error' })
  code: string;

  @Nested(() => EffectiveService, { optional: true })
  service?: EffectiveService;

  @Identifier({ optional: true, example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2d' })
  credentialId?: string;

  @Choice(['service_key', 'jwt', 'workload'], { optional: true, example: 'jwt' })
  authType?: string;

  static of({ caller, code }: GatewayVerdict): CallerVerdict {
    if (!caller) return { active: false, code };
    const { service, credentialId, authType } = caller;
    return { active: true, code, service: { id: service.id, name: service.name }, credentialId, authType };
  }
}

/** The same as in the headers, for readers. */
export class AdmittedCaller {
  @Identifier({ example: SERVICE_EXAMPLE })
  serviceId: string;

  @Identifier({ example: SERVICE_EXAMPLE })
  tenantId: string;
}
