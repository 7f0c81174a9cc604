// Compares exchanges with GitHub, and webhooks, with GitHub's own description of both.
//
//   node validate.mjs <exchanges.json
//
// Reads a list of { method, path, query, body, status, answer } and { event, payload }; prints a list of what is wrong.
// A request must name a path, parameters and fields that are described, with values that are allowed; what answers it,
// and a webhook, must be of the described shape.
import { readFileSync } from "node:fs";
import Ajv from "ajv";

const description = JSON.parse(
  readFileSync(new URL("node_modules/@octokit/openapi/generated/api.github.com.json", import.meta.url)),
);
const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, allErrors: true, logger: false });

// OpenAPI 3.0 has a word of its own for what may be null.
function plain(schema) {
  if (schema === null || typeof schema !== "object") return;
  for (const part of Object.values(schema)) plain(part);
  if (schema.nullable !== true) return;
  delete schema.nullable;
  if (typeof schema.type === "string") {
    schema.type = [schema.type, "null"];
    if (schema.enum) schema.enum = [...schema.enum, null];
  } else {
    const { ...whole } = schema;
    for (const key of Object.keys(schema)) delete schema[key];
    schema.anyOf = [{ type: "null" }, whole];
  }
}

// In one place it wants an account to be a person and an enterprise at once, in all others to be one of them.
const { get } = description.paths["/app/installations"];
const { account } = get.responses["200"].content["application/json"].schema.items.properties;
account.anyOf = account.allOf;
delete account.allOf;

plain(description);
ajv.addSchema(description, "github");

function resolved(thing) {
  if (!thing?.$ref) return thing;
  return resolved(thing.$ref.slice(2).split("/").reduce((place, part) => place[part], description));
}

// Following the links of a list leads to addresses with the repository's id and a cursor, which are not described.
const FROM_LINKS = new Set(["after", "before"]);

function described(path) {
  // A reference is one part, whose slashes are written as they are.
  const whole = path.replace(/(\/git\/ref\/)(.+)$/, (_, before, ref) => before + encodeURIComponent(ref));
  const asked = whole.replace(/^\/api\/v3/, "").replace(/^\/repositories\/\d+/, "/repos/owner/repo").split("/");
  const fits = (template) => {
    const parts = template.split("/");
    return parts.length === asked.length && parts.every((part, at) => part.startsWith("{") || part === asked[at]);
  };
  const literal = (template) => template.split("/").filter((part) => !part.startsWith("{")).length;
  const [template] = Object.keys(description.paths).filter(fits).sort((a, b) => literal(b) - literal(a));
  if (!template) return undefined;
  const values = {};
  template.split("/").forEach((part, at) => {
    if (part.startsWith("{")) values[part.slice(1, -1)] = asked[at];
  });
  return { operations: description.paths[template], values };
}

// The fields of requests that are not described are errors, though GitHub lets most of them pass.
function strict(schema) {
  const { ...whole } = resolved(schema) ?? {};
  if (whole.properties) {
    whole.properties = Object.fromEntries(Object.entries(whole.properties).map(([name, one]) => [name, strict(one)]));
    whole.additionalProperties ??= false;
  }
  if (whole.items) whole.items = strict(whole.items);
  for (const choice of ["oneOf", "anyOf"]) if (whole[choice]) whole[choice] = whole[choice].map(strict);
  return whole;
}

// Schemas that were taken apart keep their references into the description.
function rooted(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/'));
}

const compiled = new Map();
function wrong(key, schema, value) {
  if (!compiled.has(key)) compiled.set(key, ajv.compile(rooted(schema())));
  const validate = compiled.get(key);
  if (validate(value)) return [];
  return validate.errors.slice(0, 5).map((error) => `${error.instancePath || "."} ${error.message} ${JSON.stringify(error.params)}`);
}

function parameters(operation, values, query) {
  const found = [];
  const known = (operation.parameters ?? []).map(resolved);
  const typed = (schema, text) => {
    const { type } = resolved(schema);
    if (type === "integer" || type === "number") return Number(text);
    return type === "boolean" ? text === "true" : text;
  };
  for (const [name, text] of [...new URLSearchParams(query)]) {
    const one = known.find((parameter) => parameter.in === "query" && parameter.name === name);
    if (!one && FROM_LINKS.has(name)) continue;
    if (!one) found.push(`unknown parameter ${name}`);
    else found.push(...check(operation, one, typed(one.schema, text)));
  }
  for (const one of known.filter((parameter) => parameter.in === "path")) {
    if (values[one.name] === "owner" || values[one.name] === "repo") continue;
    found.push(...check(operation, one, typed(one.schema, values[one.name])));
  }
  const missing = known.filter((one) => one.in === "query" && one.required && !new URLSearchParams(query).has(one.name));
  return [...found, ...missing.map((one) => `missing parameter ${one.name}`)];
}

function check(operation, { name, schema }, value) {
  return wrong(`${operation.operationId} ${name}`, () => schema, value).map((words) => `parameter ${name}: ${words}`);
}

function request(operation, text) {
  const content = resolved(operation.requestBody)?.content?.["application/json"];
  if (!text) return operation.requestBody?.required ? ["a body is missing"] : [];
  if (!content) return ["a body is not described"];
  return wrong(`${operation.operationId} body`, () => strict(content.schema), JSON.parse(text)).map((words) => `body: ${words}`);
}

function answer(operation, status, text) {
  if (status === 304 || status === 301) return [];
  const response = resolved(operation.responses[String(status)]);
  if (!response) return status < 400 ? [`status ${status} is not described`] : [];
  const schema = response.content?.["application/json"]?.schema;
  if (!schema) return [];
  return wrong(`${operation.operationId} ${status}`, () => schema, JSON.parse(text)).map((words) => `answer: ${words}`);
}

function exchange({ method, path, query, body, status, answer: text }) {
  const found = described(path);
  const operation = found?.operations[method.toLowerCase()];
  if (!operation) return ["not described"];
  return [...parameters(operation, found.values, query), ...request(operation, body), ...answer(operation, status, text)];
}

function webhook({ event, payload }) {
  const name = payload.action ? `${event}-${payload.action}` : event;
  const post = description["x-webhooks"][name.replaceAll("_", "-")]?.post;
  if (!post) return ["not described"];
  return wrong(post.operationId, () => post.requestBody.content["application/json"].schema, payload);
}

const offences = [];
for (const one of JSON.parse(readFileSync(0))) {
  const name = one.event ? `${one.event} ${one.payload.action ?? ""}` : `${one.method} ${one.path}?${one.query} ${one.status}`;
  for (const words of one.event ? webhook(one) : exchange(one)) offences.push(`${name}: ${words}`);
}
console.log(JSON.stringify([...new Set(offences)], null, 1));
