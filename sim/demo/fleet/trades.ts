/** What a merchant does, as its names say it. */
export interface Trade {
  /** Merchant category code, ISO 18245. */
  readonly mcc: string;
  /** Line of business in the name of a company. */
  readonly company: string;
  /** What a sole trader's registered name and everybody's receipt name ends with. */
  readonly shop: string;
  /** The same as a stall, for a micro-merchant. */
  readonly stall: string;
}

function trade(mcc: string, company: string, shop: string, stall: string): Trade {
  return { mcc, company, shop, stall };
}

export const TEA_HOUSE = trade("5812", "茶文化", "茶楼", "茶摊");
export const HOTPOT = trade("5812", "餐饮管理", "火锅店", "串串摊");
export const BOOKS = trade("5942", "图书", "书店", "旧书摊");
export const BAKERY = trade("5462", "食品", "面包房", "糕点摊");

export const TRADES: readonly [Trade, ...Trade[]] = [
  TEA_HOUSE,
  HOTPOT,
  BOOKS,
  BAKERY,
  trade("5812", "餐饮管理", "面馆", "小吃摊"),
  trade("5814", "餐饮服务", "快餐店", "早点摊"),
  trade("5411", "商贸", "超市", "水果摊"),
  trade("5499", "农产品", "生鲜店", "蔬菜摊"),
  trade("5912", "医药连锁", "药房", "药材摊"),
  trade("5651", "服饰", "服装店", "衣帽摊"),
  trade("5722", "家用电器", "电器行", "修理铺"),
  trade("5992", "园艺", "花店", "鲜花摊"),
  trade("7230", "美容美发", "理发店", "理发摊"),
  trade("7011", "酒店管理", "宾馆", "家庭客栈"),
  trade("5977", "化妆品", "化妆品店", "饰品摊"),
  trade("5251", "五金建材", "五金店", "配钥匙摊"),
];
