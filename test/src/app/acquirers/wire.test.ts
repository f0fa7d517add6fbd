import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { toText as toPlainText, toWords } from "../../../../src/app/acquirers/answer.ts";
import { toAuthorization as toLakala, toSignedText } from "../../../../src/app/acquirers/lakala-wire.ts";
import { SeenAnswers } from "../../../../src/app/acquirers/seen.ts";
import { toHeaders, toAnswerText as toWebhookAnswer } from "../../../../src/app/acquirers/webhook-wire.ts";
import { toAnswerText, toAuthorization, toRequestText } from "../../../../src/app/acquirers/wechatpay-wire.ts";
import { NEW_NUMBER, openSettling } from "../../../support/acquirers.ts";
import { loadSharedKeys } from "../../../support/shared-keys.ts";

const AT = 1_722_850_421;

it("WeChat Pay's texts to sign are those of its public examples", () => {
  // pay.weixin.qq.com, "build-verify-sign-src": the answer of the example, three lines with a line end each.
  expect(
    toAnswerText(
      "1722850421",
      "d824f2e086d3c1df967785d13fcd22ef",
      '{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}',
    ),
  ).toBe('1722850421\nd824f2e086d3c1df967785d13fcd22ef\n{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}\n');
  // The request of the same guide: GET /v3/certificates without a body ends with an empty line.
  expect(
    toRequestText({
      method: "GET",
      path: "/v3/certificates",
      body: "",
      at: 1_554_208_460,
      nonce: "593BEC0C930BF1AFEB40B4A08C8FB242",
    }),
  ).toBe("GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n");
});

it("the Authorization headers have the fields and the form that each platform reads", async () => {
  const key = createPrivateKey((await loadSharedKeys()).deviceKeys[0]);
  const signed = { method: "GET", path: "/v3/x", body: "", at: AT, nonce: "N" };
  expect(toAuthorization({ mchid: "1900000001", serial: "S1", key }, signed)).toMatch(
    /^WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="N",signature="[A-Za-z0-9+/]+={0,2}",timestamp="1722850421",serial_no="S1"$/,
  );
  expect(toLakala({ appid: "OP00000003", serial: "00df", key }, { at: AT, nonce: "abcdefabcdef", body: "{}" })).toMatch(
    /^LKLAPI-SHA256withRSA appid="OP00000003",serial_no="00df",timestamp="1722850421",nonce_str="abcdefabcdef",signature="[A-Za-z0-9+/]+={0,2}"$/,
  );
  expect(toSignedText({ appid: "a", serial: "b", at: "1", nonce: "n", body: "{}" })).toBe("a\nb\n1\nn\n{}\n");
});

it("the contract's own vectors hold", () => {
  const keys = { algorithm: "hmac-sha256", secret: Buffer.alloc(32, 7) } as const;
  const request = { method: "POST", path: "/v1/settlement-changes", at: AT, nonce: "00".repeat(16), body: '{"a":1}' };
  const page = readFileSync("docs/acquirers.md", "utf8");
  expect(page).toContain(toHeaders("k1", keys, request)["tillsync-signature"]);
  expect(toWebhookAnswer(200, "1", "n", Buffer.from("{}"))).toMatch(
    /^tillsync-acquirer-v1\nanswer\n200\n1\nn\n[0-9a-f]{64}\n$/,
  );
});

it("what goes to and comes from a webhook is what the published schemas describe", async () => {
  const { acquirer, order, sim } = await openSettling("webhook");
  sim.apply({ type: "settle", decision: { state: "succeeded" } });
  const told = await acquirer.request(order());
  await acquirer.reverse?.({ ...order(), reverses: "reference" in told ? told.reference : "" });
  const [change, reversal] = sim.apply({ type: "look" }).requests.map(({ body }) => JSON.parse(body));
  const validate = (name: string, value: unknown) =>
    new Ajv().validate(JSON.parse(readFileSync(`docs/acquirers/${name}.schema.json`, "utf8")), value);
  expect(validate("change", change)).toBe(true);
  expect(validate("reversal", reversal)).toBe(true);
  expect(validate("change", { ...change, number: NEW_NUMBER })).toBe(false);
  const [requestNo, reference] = ["CHG00000001", "R1"];
  for (const state of ["auditing", "succeeded", "failed"]) {
    expect(validate("told", { requestNo, reference, state, code: "", words: "" })).toBe(true);
  }
  expect(validate("told", { requestNo, reference, state: "done" })).toBe(false);
  const account = { kind: "card", masked: "622848******0018", bank: "农业银行", cnaps: "", holder: "张伟", credit: "" };
  expect(validate("settlement", { merchant: "822", account })).toBe(true);
  expect(validate("settlement", { merchant: "822", account: { ...account, masked: NEW_NUMBER.slice(0, 18) } })).toBe(
    false,
  );
});

it("an acquirer's words are kept on one line, short, and without any long number", () => {
  expect(toWords("账号 3100 1234 5678 9012\n不符\u202e")).toBe("账号 ************9012 不符");
  expect(toWords(`no ${NEW_NUMBER}.`)).not.toContain(NEW_NUMBER.slice(6, -4));
  expect([...toWords("长".repeat(1_000))]).toHaveLength(200);
  expect(() => toPlainText(Buffer.from([0xff]))).toThrow("ACQUIRER_FAILED");
});

it("answers are remembered within a bound, and as long as they could be taken again", () => {
  const seen = new SeenAnswers();
  seen.take("a", AT, AT);
  expect(() => seen.take("a", AT, AT + 299)).toThrow("ACQUIRER_UNSIGNED");
  expect(() => seen.take("b", AT, AT + 301)).toThrow("ACQUIRER_UNSIGNED");
  expect(() => seen.take("b", Number.NaN, AT)).toThrow("ACQUIRER_UNSIGNED");
  for (let n = 0; n < 10_001; n += 1) seen.take(`n${n}`, AT, AT);
  seen.take("a", AT, AT);
});
