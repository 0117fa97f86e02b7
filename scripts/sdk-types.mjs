// The types of the SDK from the API document.
import openapiTypescript, { astToString } from 'openapi-typescript';

const NOTICE = '// Made from the API document by `npm run docs`; a test fails where the two differ.\n';
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** An object without some of its members, at every depth. */
function without(value, isLeftOut) {
  if (Array.isArray(value)) return value.map((item) => without(item, isLeftOut));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !isLeftOut(name, member))
      .map(([name, member]) => [name, without(member, isLeftOut)]),
  );
}

/** What a document gives as an example has no type; a property may be called `example`, and is then a schema. */
const isExample = (name, member) =>
  name === 'example' ? member?.type === undefined : name === 'examples' && !('properties' in member);

/** JSON alone, where other forms of the same are sent to who asks for them. */
const withoutOthers = (content = {}) => {
  const json = content['application/json'];
  return json === undefined ? content : { 'application/json': json };
};

/** Every refusal has the same form, so that one line says it instead of the list of codes of each operation. */
function withOneRefusal(responses) {
  const successes = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([status, { description, content }]) => [status, { description, content: withoutOthers(content) }]);
  return Object.fromEntries([...successes, ['default', { $ref: '#/components/responses/Refusal' }]]);
}

/** Lines that say nothing: what is absent (`put?: never;`), what contains nothing else, and headers of any name. */
const NOTHING =
  /^ +\w+\?: never;\n|^ +headers: \{\n +\[name: string\]: unknown;\n +\};\n|^ +parameters: \{\n(?: +\w+\?: never;\n)+ +\};\n/gm;

const REFUSAL = {
  description: 'A refusal (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** The values of the members of a schema that has some to choose from, also those of a list. */
const choicesOf = ({ properties = {} }) =>
  Object.entries(properties).flatMap(([name, schema]) => {
    const values = schema.enum ?? schema.items?.enum;
    return values === undefined || values.length < 2 ? [] : [[name, values]];
  });

/** What a form offers: `choices.NewKey.algorithm`. */
function choiceTable(schemas) {
  const lines = Object.entries(schemas).flatMap(([name, schema]) => {
    const choices = choicesOf(schema);
    return choices.length === 0 ? [] : [`    ${name}: ${JSON.stringify(Object.fromEntries(choices))},\n`];
  });
  return `export const choices = {\n${lines.join('')}} as const;\n`;
}

/**
 * @param document the OpenAPI document of the server
 * @returns the text of `libs/sdk/openapi.ts`
 * @throws Error for what is no document, such as the refusal of a server that is not ready
 */
export async function sdkTypes(document) {
  if (document?.openapi === undefined) throw new Error(`This is no API document: ${JSON.stringify(document)}`);
  const { paths, components, ...rest } = without(document, isExample);
  for (const item of Object.values(paths)) {
    for (const method of METHODS) if (item[method]) item[method].responses = withOneRefusal(item[method].responses);
  }
  const { schemas } = components;
  const types = await openapiTypescript(
    { ...rest, paths, components: { schemas, responses: { Refusal: REFUSAL } } },
    // A member with a default may be left out of a request, and answers name theirs as required.
    { defaultNonNullable: false },
  );
  return `${NOTICE}${astToString(types).replaceAll(NOTHING, '')}${choiceTable(schemas)}`;
}
