import type { Random } from "./random.ts";

const FAMILY_NAMES = [..."陈林黄张王李吴刘郑杨许蔡谢郭何周叶罗徐朱"] as [string, ...string[]];
const GIVEN_FIRST = [..."秀志建美国文丽晓玉海春明雅子思立永佳宏淑"] as [string, ...string[]];
const GIVEN_LAST = [..."英强华珍军芳峰兰平辉燕勇涛梅斌红杰敏龙娟"] as [string, ...string[]];
const BRAND_FIRST = [..."悦云锦福祥瑞和兴盛聚鸿嘉宝泰丰源恒隆金顺"] as [string, ...string[]];
const BRAND_LAST = [..."来香缘记味林轩坊里堂园兴达居泉和安华鑫春"] as [string, ...string[]];

/** A person's name of two or three characters. */
export function toPersonName(random: Random): string {
  const first = random.below(5) === 0 ? "" : random.pick(GIVEN_FIRST);
  return random.pick(FAMILY_NAMES) + first + random.pick(GIVEN_LAST);
}

/** A brand of two characters. */
export function toBrand(random: Random): string {
  return random.pick(BRAND_FIRST) + random.pick(BRAND_LAST);
}
