import { type Type as Class, applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
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
      schema: { anyOf: [{ $ref: getSchemaPath(type) }, { $ref: getSchemaPath(foreseen) }] },
    }),
  );
