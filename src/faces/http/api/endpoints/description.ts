import { Type } from "typebox";
import { type Endpoint, endpoint } from "../endpoint.ts";

/** What the API tells of itself: the same that docs/openapi.json holds. */
export const DESCRIPTION_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ method: "GET", path: "/openapi.json", right: "public", reach: "own", group: "description", status: 200 },
    summary: "This description, in OpenAPI 3.1",
    answer: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
    handle: ({ describe }) => describe(),
  }),
];
