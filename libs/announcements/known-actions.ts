import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { declarationOf } from '#core';

import { requireActions, subscribable } from './actions.js';

/** The actions that the modules of this installation declare: what can be subscribed to. */
@Injectable()
export class KnownActions {
  #known: ReadonlySet<string> | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  /** @throws VALIDATION_ERROR that lists every action that no event has */
  require(actions: readonly string[]): void {
    this.#known ??= subscribable(
      [...this.modules.values()].flatMap(({ metatype }) =>
        (declarationOf(metatype).events ?? []).map(({ table }) => table),
      ),
    );
    requireActions(actions, this.#known);
  }
}
