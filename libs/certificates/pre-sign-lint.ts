import { Logger } from '@nestjs/common';

import { DomainError, type TenantScope, selfDeciding } from '#core';
import type { Database } from '#database';
import { type ParsedCertificate, lintCertificate } from '#pki';

import { certificateErrors } from './errors.js';
import { certificateEvents } from './events.js';

/** @throws LINT_FAILED for a certificate that must not be signed: a bug, which no change of the request avoids */
export function lintBeforeSigning(tbs: Buffer, authority?: ParsedCertificate): void {
  const findings = lintCertificate(tbs, authority);
  if (findings.length === 0) return;
  const errors = findings.map(({ code, detail, citation }) => ({
    pointer: '',
    code,
    detail: `${detail} (${citation})`,
  }));
  throw certificateErrors.LINT_FAILED({ errors });
}

const alarm = new Logger('certificate-lint');

/**
 * Runs the work. If the lint finds something, logs it as an error and records it in a separate transaction, because that of
 * the work was rolled back.
 */
export async function recordingLintFailure<T>(
  database: Database,
  scope: TenantScope,
  /** The authority, or the tenant if there is none yet. */
  targetId: () => string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError && error.code === certificateErrors.LINT_FAILED.code) {
      const findings = (error.errors ?? []).map(({ code }) => code);
      // The policy rejects everything that the lint rejects: a finding here is a bug.
      alarm.error(`Not signed, because it breaks: ${findings.join(', ')} (tenant ${scope.tenantId})`);
      await database.transaction(selfDeciding(scope), async (tx) => {
        tx.record(certificateEvents.refused(targetId(), { outcome: 'failed', details: { findings } }));
      });
    }
    throw error;
  }
}
