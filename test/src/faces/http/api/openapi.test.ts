import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { RIGHT_NAMES, RIGHTS } from "../../../../../src/domain/accounts/rights.ts";
import { describeApi } from "../../../../../src/faces/http/api/describe.ts";
import { ENDPOINTS } from "../../../../../src/faces/http/api/endpoints.ts";
import { ask, openTestApi } from "../../../../support/api.ts";

const FILE = new URL("../../../../../docs/openapi.json", import.meta.url);
const GUIDE = new URL("../../../../../docs/api.md", import.meta.url);

interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

interface Description {
  readonly openapi: string;
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let api: Description;
let operations: readonly Operation[];

beforeAll(async () => {
  api = JSON.parse(JSON.stringify(await describeApi()));
  operations = Object.values(api.paths).flatMap((path) => Object.values(path));
});

describe("the description of the API", () => {
  it("is the one in docs/openapi.json (npm run openapi writes it)", () => {
    expect(JSON.parse(readFileSync(FILE, "utf8"))).toEqual(api);
  });

  it("is the one that is served, to whoever asks", async () => {
    const { status, json } = await ask(await openTestApi(), "/openapi.json");
    expect([status, json]).toEqual([200, api]);
  });

  it("has one operation for each row of the table, named once", () => {
    expect(api.openapi).toBe("3.1.0");
    expect(operations).toHaveLength(ENDPOINTS.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ENDPOINTS.length);
    const open = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) => (security.length === 0 ? [`${method} ${path}`] : [])),
    );
    expect(open).toEqual(["post /api/v1/sessions", "get /api/v1/openapi.json"]);
  });

  it("names the roles that have the right, but for agents where nothing can be cut down to their merchants", () => {
    for (const { path, method, reach, right } of ENDPOINTS.filter(({ right }) => right === "changes.read")) {
      const { description } = api.paths[`/api/v1${path}`]?.[method.toLowerCase()] ?? {};
      expect(description, path).toContain(
        `Right \`${right}\`: operator, checker, ${reach === "whole" ? "auditor" : "agent"}`,
      );
    }
  });

  it("holds schemas of JSON Schema 2020-12 only, and members that nobody knows come in nowhere", () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ["components"] });
    const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}));
    const answers = operations.flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ content }) => Object.values(content ?? {})),
    );
    const parameters = operations.flatMap(({ parameters = [] }) => parameters);
    expect(bodies.length * answers.length * parameters.length).toBeGreaterThan(0);
    for (const { schema } of [...bodies, ...answers, ...parameters]) {
      expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true);
      // Within the document: that is where references lead.
      ajv.compile({ ...schema, components: api.components });
    }
    for (const { schema } of bodies)
      for (const object of listObjects(schema)) expect(object).toHaveProperty("additionalProperties", false);
  });
});

describe("a row of the table", () => {
  it("stands in docs/api.md with the right that it takes, and no other does", () => {
    const page = readFileSync(GUIDE, "utf8");
    const told = Array.from(page.matchAll(/^\| (GET|POST|PATCH|DELETE) \| `([^`]+)` \| `?([a-z.]+)`? \|/gm), (row) =>
      row.slice(1),
    );
    expect(told).toEqual(ENDPOINTS.map(({ method, path, right }) => [method, path, right]));
  });

  it("names a right of the table of rights, or is for everybody", () => {
    for (const { right, path } of ENDPOINTS) expect([...Object.keys(RIGHTS), "public"], path).toContain(right);
  });

  it("takes every right of that table somewhere: a right that opens nothing would only mislead", () => {
    const taken = ENDPOINTS.map(({ right }) => right);
    expect(RIGHT_NAMES.filter((right) => !taken.includes(right))).toEqual([]);
  });

  it("that changes something says so, and no other does", () => {
    for (const { method, changes, path } of ENDPOINTS) expect(changes === true, path).toBe(method !== "GET");
  });

  it("has a path and method of its own", () => {
    expect(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)).size).toBe(ENDPOINTS.length);
  });
});

/** Every schema of an object within a schema. */
function listObjects(schema: unknown): readonly object[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "type" in schema && schema.type === "object" ? [schema] : [];
  return [...own, ...Object.values(schema).flatMap(listObjects)];
}
