import { type Type as Class, applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { Flag } from '../http/fields.js';

export class RehearsalQuery {
  @Flag({ optional: true, default: false, description: 'Dry run: report the effect, change nothing' }) dryRun?: boolean;
}

/** The answer is of `type`, or says what would have happened (`dryRun=true`). */
export const AnswersOrRehearses = (
  type: Class<unknown>,
  rehearsal: Class<unknown>,
  description: string,
): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type, rehearsal),
    ApiOkResponse({
      description: `${description}; with \`dryRun=true\`: the effect`,
      schema: { anyOf: [{ $ref: getSchemaPath(type) }, { $ref: getSchemaPath(rehearsal) }] },
    }),
  );
