/** The text of `libs/sdk/openapi.ts` for an OpenAPI document. */
export function sdkTypes(document: object): Promise<string>;
