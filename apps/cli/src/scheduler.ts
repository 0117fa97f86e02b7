import { toRfc3339 } from '#core';
import { type ClockStatus, ClockWatch } from '#scheduler';

import { CLI, onInstallation } from './installation.js';
import type { Terminal } from './terminal.js';

const time = (instant: number | null): string => (instant === null ? 'not known' : toRfc3339(instant));

/** Shows whether the scheduler is paused and what the clocks show; not well where it is paused. */
export const status = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const clockWatch = context.get(ClockWatch);
    const found = await clockWatch.status();
    show(terminal, found);
    return !found.paused && found.state === 'steady';
  });

/** Confirms that the clocks of all hosts show the right time, so that what is paused continues. */
export const confirm = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const clockWatch = context.get(ClockWatch);
    if (!(await clockWatch.confirm(CLI))) {
      terminal.write('There is nothing to confirm: the scheduler is not paused.\n');
      return true;
    }
    terminal.write(`The clock is confirmed; this host shows ${time((await clockWatch.status()).shown)}.\n`);
    terminal.write('Every process accepts its own clock as correct and continues within 10 seconds.\n');
    return true;
  });

function show({ write }: Terminal, found: ClockStatus): void {
  if (found.paused) {
    write(`Paused since ${time(found.pausedAt)}: a clock showed ${time(found.jumpedTo)} instead of `);
    write(`${time(found.jumpedFrom)}.\n`);
    write('Nothing is recorded, purged, destroyed or announced until you run: chancery scheduler confirm\n');
  } else if (found.observed) {
    write('Not paused. Nothing tells for how long the installation was stopped: a server that starts now waits for ');
    write('60 minutes before it records, purges, destroys or announces anything, unless you run: ');
    write('chancery scheduler confirm\n');
  } else {
    write('Not paused.\n');
  }
  write(`This host's clock:            ${time(found.shown)} (${found.state})\n`);
  if (found.databaseNow !== null) write(`The database server's clock:  ${time(found.databaseNow)}\n`);
  write(`The latest instant on record: ${time(found.mark)}\n`);
  if (found.confirmedAt !== null) write(`Last confirmed at:            ${time(found.confirmedAt)}\n`);
}
