import { type Type as Class, applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, refs } from '../http/api-declarations.js';
import type { EventDraft } from '#core';
import { Flag, Items, Nested, Text } from '../http/fields.js';
import { present } from '../http/present.js';

export const DRY_RUN_DESCRIPTION = 'Dry run: report the effect, change nothing';

export class DryRunQuery {
  @Flag({ optional: true, default: false, description: DRY_RUN_DESCRIPTION }) dryRun?: boolean;
}

const EVENTS_TOLD_MAX = 200;

export class DryRunEvent {
  @Text({ max: 64, description: 'Action of the event', example: 'webhook.deleted' }) action: string;
  @Text({ max: 64, description: 'Type of the resource that would change', example: 'webhook' }) targetType: string;
  @Text({ description: 'Id of the resource that would change', example: '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47' })
  targetId: string;
}

export class DryRunImpact {
  @Items(Nested(() => DryRunEvent), {
    maxItems: EVENTS_TOLD_MAX,
    description: 'The events that the history would record, in their order; empty where nothing would change',
  })
  events: DryRunEvent[];
}

export class ActionDryRun {
  @Flag({ description: 'Whether the action is allowed' }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'WRONG_STATE' }) code?: string;
  @Nested(() => DryRunImpact, { description: 'The effect' }) impact: DryRunImpact;
}

export const presentDryRun = ({
  events,
  ...decision
}: {
  readonly allowed: boolean;
  readonly code?: string;
  readonly events: readonly EventDraft[];
}): ActionDryRun => ({
  ...decision,
  impact: { events: events.slice(0, EVENTS_TOLD_MAX).map((event) => present(DryRunEvent, event)) },
});

/** The answer is of `type`, or says what would have happened (`dryRun=true`). */
export const AnswersOrDryRun = (type: Class<unknown>, foreseen: Class<unknown>, description: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type, foreseen),
    ApiOkResponse({
      description: `${description}; with \`dryRun=true\`: the effect`,
      schema: { anyOf: refs(type, foreseen) },
    }),
  );
