import { useInfiniteQuery } from '@tanstack/react-query';

import { now } from '../clock.js';
import { Bars } from '../components/bars.js';
import { Time } from '../components/time.js';
import type { Credential } from '../credentials.js';
import { eventsQuery, itemsOf } from '../queries.js';
import { rotationStep, usesByHour } from '../rotation.js';
import { useTenant } from '../tenant.js';

const HOURS = 24;

interface RotationCardProps {
  readonly serviceId: string;
  readonly credentials: readonly Credential[];
}

/** Says where a rotation is, and what comes next: the buttons of the credentials do it. */
export function RotationCard({ serviceId, credentials }: RotationCardProps) {
  const { may } = useTenant();
  const found = rotationStep(credentials, now());
  if (found === undefined) return null;
  const { step, old } = found;
  const steps = ['Create a second one', 'Pass it on, and watch the old one', 'Discard the old one', 'Delete it'];
  const current = step === 'create' ? 0 : step === 'delete' ? 3 : found.oldIsQuiet ? 2 : 1;
  return (
    <section aria-label="Rotation" className="mb-4 rounded-md border border-line bg-page p-3 text-sm">
      <h3 className="mb-2">Rotation</h3>
      <ol className="flex flex-wrap gap-x-4 gap-y-1">
        {steps.map((text, index) => (
          <li
            key={text}
            aria-current={index === current ? 'step' : undefined}
            className={index === current ? 'font-semibold text-strong' : 'text-soft'}
          >
            {index + 1}. {text}
          </li>
        ))}
      </ol>
      {step === 'watch' && (
        <div className="mt-3">
          <p>
            <code>{old.secretMasked}</code>, the old credential, was last used <Time at={old.lastUsedAt} />
            {found.oldIsQuiet ? ': no request has used it for an hour.' : ': a client still uses it.'}
          </p>
          {may('audit:read') && <UseChart serviceId={serviceId} credentialId={old.id} />}
        </div>
      )}
    </section>
  );
}

/** Uses of a credential in each of the last 24 hours, as far as the history records each of them. */
function UseChart({ serviceId, credentialId }: { readonly serviceId: string; readonly credentialId: string }) {
  const { tenantId } = useTenant();
  const list = itemsOf(useInfiniteQuery(eventsQuery(tenantId, { credentialId, actor: serviceId, limit: 200 })));
  if (list.data === undefined) return null;
  const counts = usesByHour(
    list.data.map(({ occurredAt }) => occurredAt),
    now(),
    HOURS,
  );
  return <Bars label={`Uses of the old credential in each of the last ${HOURS} hours`} counts={counts} />;
}
