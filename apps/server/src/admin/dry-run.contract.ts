import { type Type as Class, applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, refs } from '../http/api-declarations.js';
import { Flag } from '../http/fields.js';

export class DryRunQuery {
  @Flag({ optional: true, default: false, description: 'Dry run: report the effect, change nothing' }) dryRun?: boolean;
}

/** The answer is of `type`, or says what would have happened (`dryRun=true`). */
export const AnswersOrDryRun = (type: Class<unknown>, foreseen: Class<unknown>, description: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type, foreseen),
    ApiOkResponse({
      description: `${description}; with \`dryRun=true\`: the effect`,
      schema: { anyOf: refs(type, foreseen) },
    }),
  );
