import { now } from '../clock.js';
import { relativeTime } from '../relative-time.js';

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** An instant (RFC 3339) as people say it, with the exact one in UTC beside it. */
export function Time({ at, never = 'never' }: { readonly at: string | null | undefined; readonly never?: string }) {
  if (at === null || at === undefined) return <>{never}</>;
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={`${exact.format(instant)} UTC`} className="whitespace-nowrap">
      {relativeTime(instant, now())}
    </time>
  );
}

export const ExactTime = ({ at }: { readonly at: string }) => (
  <time dateTime={at} className="whitespace-nowrap">
    {exact.format(Date.parse(at))}
  </time>
);
