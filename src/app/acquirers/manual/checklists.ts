// Where a person changes the settlement account, step by step. The second person asks the acquirer what it has on record,
// without being told what to find.

export const CHANNELS = ["bank-app", "alipay", "maker-software", "hotline"] as const;
export type Channel = (typeof CHANNELS)[number];

/** Who does a step: one person asks for the change, another one confirms it. */
export type Part = "request" | "confirm";

export interface Step {
  readonly id: string;
  readonly part: Part;
  readonly zh: string;
  readonly en: string;
  /** What has to be noted with it: a case or application number, or the number as the acquirer shows it. */
  readonly notes: "" | "case" | "account";
  /** Whether a picture, recording or letter has to come with it. */
  readonly hasEvidence: boolean;
}

type StepText = readonly [id: string, zh: string, en: string, notes?: Step["notes"], hasEvidence?: boolean];

const CONFIRM: readonly StepText[] = [
  [
    "credit",
    "让收单机构向新账户打款0.01元，并由商户确认到账",
    "Have the acquirer pay 0.01 into the new account, and the merchant say that it came",
    "",
    true,
  ],
  [
    "look-up",
    "另一人查询收单机构登记的结算账户，按所见（可带星号）记下号码",
    "Another person looks up the account on record and notes the number as it is shown, stars and all",
    "account",
    true,
  ],
];

const REQUESTS: Readonly<Record<Channel, readonly StepText[]>> = {
  "bank-app": [
    [
      "sign-in",
      "用商户管理员身份登录收单银行的商户版应用，核对商户号",
      "Sign in to the bank's app for merchants as its administrator, and compare the merchant number",
    ],
    [
      "enter",
      "在“结算账户”中选择更换，由商户本人录入新账号",
      "Choose to change the settlement account; the merchant enters the new number himself",
    ],
    [
      "submit",
      "提交申请，保存受理页面截图，记下受理编号",
      "Submit, keep a picture of the page that confirms it, and note its number",
      "case",
      true,
    ],
  ],
  alipay: [
    [
      "sign-in",
      "登录支付宝商家中心，核对主体名称与商户号",
      "Sign in to Alipay's merchant centre, and compare name and merchant number",
    ],
    [
      "enter",
      "进入账户管理中的结算账户，由商户本人录入新账号并完成身份验证",
      "Under account management open the settlement account; the merchant enters the number and proves who he is",
    ],
    [
      "submit",
      "提交申请，保存截图，记下申请编号",
      "Submit, keep a picture, and note the application's number",
      "case",
      true,
    ],
  ],
  "maker-software": [
    [
      "sign-in",
      "登录终端厂商或收单机构的终端管理系统，按终端序列号找到商户",
      "Sign in to the terminal management system, and find the merchant by the terminal's serial number",
    ],
    [
      "unlock",
      "确认该商户没有未结批次和其他进行中的变更",
      "See that the merchant has no open batch and no other change under way",
    ],
    [
      "enter",
      "在结算信息中录入新账户，由商户本人录入账号",
      "Enter the new account under settlement; the merchant enters the number himself",
    ],
    [
      "submit",
      "提交审核，保存截图，记下流水号",
      "Hand it in for review, keep a picture, and note its number",
      "case",
      true,
    ],
  ],
  hotline: [
    ["call", "拨打95016，依次按1、1、4转人工", "Call 95016, and choose 1, 1 and 4 for a person"],
    [
      "prove",
      "由商户本人回答身份核验问题，切勿在电话中报出密码或验证码",
      "The merchant answers the questions that prove who he is; no password or code is ever said",
    ],
    ["ask", "请求变更结算账户，由商户本人报出新账号", "Ask for the change; the merchant says the new number himself"],
    ["case", "记下工单编号并保存录音", "Note the case number and keep the recording", "case", true],
  ],
};

/** The steps of a channel in their order. */
export function listSteps(channel: Channel): readonly Step[] {
  return [
    ...REQUESTS[channel].map((text) => toStep("request", text)),
    ...CONFIRM.map((text) => toStep("confirm", text)),
  ];
}

function toStep(part: Part, [id, zh, en, notes = "", hasEvidence = false]: StepText): Step {
  return { id, part, zh, en, notes, hasEvidence };
}
