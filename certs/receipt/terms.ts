import type { PageLanguage } from "../attestation/words.ts";

// What people read instead of codes. English readers get the codes themselves, with spaces: that is what they are.

const ZH: Readonly<Record<string, string>> = {
  // Reason codes.
  renamed: "更名",
  licence_renewed: "换领营业执照",
  certificates_merged: "证照合一",
  owner_changed: "经营者变更",
  contact_changed: "联系人变更",
  account_changed: "账户变更",
  account_expiring: "账户到期",
  account_lost: "账户遗失",
  account_forgotten: "账户遗忘",
  correction: "更正",
  other: "其他",
  // Evidence.
  licence: "营业执照",
  identity_card: "身份证",
  bank_card: "银行卡",
  account_permit: "开户许可证",
  authorisation: "授权书",
  request_form: "申请表",
  // Tasks.
  update_contact: "更新联系人",
  tell_merchant: "告知商户",
  collect_old_card: "收回旧卡",
  // States of changes, terminals and orders.
  draft: "草稿",
  submitted: "已提交",
  rejected: "已退回",
  approved: "已审批",
  releasing: "执行中",
  done: "已完成",
  failed: "失败",
  withdrawn: "已撤销",
  reserved: "备用",
  lapsed: "失效",
  pending: "待下发",
  sent: "已下发",
  superseded: "已被取代",
  verified: "已验证",
  applied: "已应用",
  refused: "终端拒绝",
  committed: "已采用",
  rolled_back: "已回退",
  broken: "终端故障",
  suspended: "已暂停",
  requested: "申请中",
  unknown: "结果不明",
  auditing: "审核中",
  succeeded: "机构称已完成",
  confirmed: "已核实",
  contradicted: "与登记不符",
  // Events.
  created: "创建",
  attached: "上传材料",
  amend: "修改",
  submit: "提交",
  reject: "退回",
  withdraw: "撤销",
  approve: "审批通过",
  lapse: "逾期退回",
  bar: "策略不允许，退回",
  release: "开始执行",
  published: "下发",
  ask_acquirer: "向收单机构申请",
  acquirer: "收单机构进展",
  return_terminals: "终端回退",
  recorded: "登记",
  task_done: "完成后续事项",
  conclude: "完成",
  fail: "失败",
  // Purposes of releases and orders, roles, kinds of account.
  binding: "结算账户",
  merchant: "商户资料",
  parameters: "参数",
  change: "变更",
  reversal: "撤回",
  maker: "经办",
  checker: "复核",
  log: "账本见证",
  card: "银行卡",
  account: "对公账户",
  service: "系统",
  operator: "操作员",
};

/** A code in words; what is none stays as it is. */
export function toTerm(code: string, lang: PageLanguage): string {
  if (lang === "en") return code.replaceAll("_", " ");
  return Object.hasOwn(ZH, code) ? (ZH[code] ?? code) : code;
}
