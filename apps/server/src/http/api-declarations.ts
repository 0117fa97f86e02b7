/**
 * Declarations of routes and fields for the API document: the decorators of `@nestjs/swagger`, applied when the document is
 * first requested. That package and its 700 modules take a tenth of the processor time of a start, and most processes never serve
 * the document.
 */
import type * as Swagger from '@nestjs/swagger';

type Library = typeof Swagger;
type Declaration = (library: Library) => void;

/** In the order in which they were declared: a class inherits the fields of the one that it extends. */
const waiting: Declaration[] = [];

type DecoratorName = { [Name in keyof Library]: Name extends `Api${string}` ? Name : never }[keyof Library];
type AnyDecorator = (...target: unknown[]) => void;

function deferred<Name extends DecoratorName>(name: Name): Library[Name] {
  const decorator =
    (...values: unknown[]): AnyDecorator =>
    (...target) => {
      waiting.push((library) =>
        (library[name] as unknown as (...values: unknown[]) => AnyDecorator)(...values)(...target),
      );
    };
  return decorator as unknown as Library[Name];
}

export const ApiAcceptedResponse = deferred('ApiAcceptedResponse');
export const ApiBadRequestResponse = deferred('ApiBadRequestResponse');
export const ApiBody = deferred('ApiBody');
export const ApiConsumes = deferred('ApiConsumes');
export const ApiCreatedResponse = deferred('ApiCreatedResponse');
export const ApiExcludeEndpoint = deferred('ApiExcludeEndpoint');
export const ApiExtension = deferred('ApiExtension');
export const ApiExtraModels = deferred('ApiExtraModels');
export const ApiHeader = deferred('ApiHeader');
export const ApiNoContentResponse = deferred('ApiNoContentResponse');
export const ApiOkResponse = deferred('ApiOkResponse');
export const ApiOperation = deferred('ApiOperation');
export const ApiParam = deferred('ApiParam');
export const ApiProperty = deferred('ApiProperty');
export const ApiQuery = deferred('ApiQuery');
export const ApiResponse = deferred('ApiResponse');
export const ApiTags = deferred('ApiTags');

export type { ApiPropertyOptions, OpenAPIObject } from '@nestjs/swagger';

/** The schemas of classes in the document. */
export const refs = (...classes: { readonly name: string }[]): { $ref: string }[] =>
  classes.map(({ name }) => ({ $ref: `#/components/schemas/${name}` }));

/** Loads the library, and applies all declarations since the last call. */
export async function declaredLibrary(): Promise<Library> {
  const library = await import('@nestjs/swagger');
  for (const declare of waiting.splice(0)) declare(library);
  return library;
}
