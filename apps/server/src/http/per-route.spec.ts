import { describe, expect, it } from 'vitest';

import { perRoute } from './per-route.js';

describe('perRoute', () => {
  it('perRoute reads once for each handler and controller, also where it reads nothing', () => {
    const read: string[] = [];
    const first = (): void => undefined;
    const second = (): void => undefined;
    const declared = perRoute((handler, controller) => {
      read.push(`${handler.name} ${controller.name}`);
      return handler === first ? controller.name : undefined;
    });
    class A {}
    class B {}
    const answers = [first, second, first, second].flatMap((handler) => [declared(handler, A), declared(handler, B)]);
    expect(answers).toEqual(['A', 'B', undefined, undefined, 'A', 'B', undefined, undefined]);
    expect(read).toEqual(['first A', 'first B', 'second A', 'second B']);
  });
});
