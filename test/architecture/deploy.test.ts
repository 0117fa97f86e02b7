import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { settings } from '#config';
import { masterKeySettings } from '#vault';

import { read } from './project-files.js';

const UNIT = 'deploy/systemd/chancery.service';
const unit = read(UNIT);
const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
const isSystemdInstalled = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the unit for systemd', () => {
  it('the unit for systemd starts the same program as npm start', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };
    expect(valueOf('ExecStart')).toBe(`/usr/bin/${scripts.start.replace(' ', ' /opt/chancery/')}`);
  });

  it('the unit for systemd waits for longer than the server takes to stop', () => {
    const drainSeconds = Number(settings.drainSeconds.fallback);
    expect(Number(valueOf('TimeoutStopSec'))).toBeGreaterThan(drainSeconds + 12);
  });

  it('the unit for systemd sets only what is a setting', () => {
    const named = [...valueOf('Environment').matchAll(/\b(CHANCERY_[A-Z_]+)=/g)].map(([, name]) => name);
    expect(named).toEqual([masterKeySettings.masterKeyFile.variable]);
  });

  it.runIf(isSystemdInstalled)('systemd finds little that the unit leaves open', () => {
    const threshold = ['security', '--offline=true', '--threshold=20', UNIT];
    expect(spawnSync('systemd-analyze', threshold, { encoding: 'utf8' }).status).toBe(0);
  });
});
