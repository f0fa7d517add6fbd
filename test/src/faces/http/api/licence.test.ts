import { expect, it } from "vitest";
import { changeRecord } from "../../../../../src/app/records/change.ts";
import { MAX_VALID_UNTIL } from "../../../../../src/domain/changes/content.ts";
import { transact } from "../../../../../src/store/store.ts";
import { ask, openTestApi } from "../../../../support/api.ts";
import { toNewChange } from "../../../../support/changes.ts";
import { MERCHANT } from "../../../../support/fleet-store.ts";

it("a change over the API puts down until when a licence is good, and the record tells it", async () => {
  const api = await openTestApi();
  const as = await api.as("operator");
  const { requester: _, ...asked } = toNewChange();
  const until = api.fleet.at + 86_400;
  const begin = (licenceValidUntil: unknown) =>
    ask(api, "/changes", { as, body: { ...asked, content: { patch: { licenceValidUntil } } } });
  for (const wrong of ["soon", -1, 1.5, MAX_VALID_UNTIL + 1]) {
    expect(await begin(wrong), String(wrong)).toMatchObject({ status: 400, code: "FIELD_INVALID" });
  }
  const begun = await begin(until);
  expect(begun.status).toBe(201);
  const path = `/changes/${String(begun.json["id"])}`;
  expect((await ask(api, path, { as })).json["content"]).toMatchObject({ patch: { licenceValidUntil: until } });
  expect((await ask(api, `${path}/preview`, { as })).json["differences"]).toEqual([
    { field: "licenceValidUntil", before: null, after: until },
  ]);
  const amended = await ask(api, path, {
    ...{
      as,
      method: "PATCH",
      headers: { "if-match": '"1"' },
      body: { content: { patch: { licenceValidUntil: null } } },
    },
  });
  expect(amended.status).toBe(200);
  expect((await ask(api, path, { as })).json["content"]).toMatchObject({ patch: { licenceValidUntil: null } });

  const read = async () => (await ask(api, `/merchants/${MERCHANT}`, { as })).json["licenceValidUntil"];
  expect(await read()).toBeNull();
  const act = { number: MERCHANT, version: 1, actor: "li.mei", changeId: "" };
  await transact(api.fleet.store, (tx) =>
    changeRecord(tx, api.fleet.at, { ...act, patch: { licenceValidUntil: until } }),
  );
  expect(await read()).toBe(until);
  const history = await ask(api, `/merchants/${MERCHANT}/history`, { as });
  expect(history.json).toMatchObject({ items: [{ after: { licenceValidUntil: until } }] });
});
