import { HttpCode, type Type as Class, applyDecorators } from '@nestjs/common';

import { ApiResponse } from './api-declarations.js';

/** The success response of a route: status, class and description of the body, both sent and documented. */
export function Answers(status: 200 | 201 | 202, body: Class<unknown>, description: string): MethodDecorator;
export function Answers(status: 204, description: string): MethodDecorator;
export function Answers(status: number, bodyOrDescription: Class<unknown> | string, description = ''): MethodDecorator {
  const answer =
    typeof bodyOrDescription === 'string'
      ? { description: bodyOrDescription }
      : { type: bodyOrDescription, description };
  return applyDecorators(HttpCode(status), ApiResponse({ status, ...answer }));
}
