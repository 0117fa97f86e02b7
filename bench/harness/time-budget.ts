/** A run of all scenarios is to end within five minutes of its command, which builds first. */
const BUDGET_MILLISECONDS = 240_000;
/** What begins later could end after the five minutes. */
const LATEST_BEGIN_MILLISECONDS = 265_000;

/**
 * How often a scenario is measured in a run of all of them: as often as it is wanted to be where the run is early, once where it is late.
 * @param begun how many scenarios began before, of how many
 * @returns 0 where no time is left for it
 */
export function repetitionsWithinBudget(
  wanted: number,
  elapsedMilliseconds: number,
  { begun, all }: { readonly begun: number; readonly all: number },
): number {
  if (elapsedMilliseconds > LATEST_BEGIN_MILLISECONDS) return 0;
  return elapsedMilliseconds <= (BUDGET_MILLISECONDS * begun) / all ? wanted : 1;
}
