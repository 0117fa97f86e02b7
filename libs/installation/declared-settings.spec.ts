import { Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import { optional, text } from '#config';
import { Declares } from '#core';

import { declaredSettings } from './declared-settings.js';

const row = (variable: string): ReturnType<typeof optional<string>> =>
  optional({ variable, parse: text, description: '' });

@Declares({ settings: [{ below: row('BELOW') }], settingProblems: [({ below }: { below: string }) => [`no ${below}`]] })
@Module({})
class Below {}

@Module({ imports: [{ module: Below }] })
class Between {}

@Declares({ settings: [{ own: row('OWN') }] })
@Module({ imports: [Between, Below] })
class Root {}

@Declares({ settings: [{ below: row('OTHER') }] })
@Module({ imports: [Below] })
class Clash {}

describe('declaredSettings', () => {
  it('declaredSettings finds what a module declares and what it imports, its own first, each once', () => {
    expect(Object.values(declaredSettings(Root).settings).map(({ variable }) => variable)).toEqual(['OWN', 'BELOW']);
  });

  it('declaredSettings asks each library what is wrong with the values together', () => {
    expect(declaredSettings(Root).problemsOf({ below: 'value' })).toEqual(['no value']);
  });

  it('declaredSettings rejects a name that two tables have', () => {
    expect(() => declaredSettings(Clash)).toThrow(/the name below/);
  });
});
