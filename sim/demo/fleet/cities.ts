export interface District {
  readonly name: string;
  /** Administrative division code, GB/T 2260: 6 digits, in USCC, licence and resident identity numbers. */
  readonly code: string;
}

export interface City {
  readonly name: string;
  /** The name as a company or bank branch writes it. */
  readonly short: string;
  /** Province before the city in an address; empty for a municipality. */
  readonly province: string;
  /** Clearing region: 4 digits, in merchant numbers and CNAPS codes. */
  readonly region: string;
  readonly districts: readonly [District, ...District[]];
}

function city(province: string, name: string, region: string, districts: readonly [District, ...District[]]): City {
  return { name, short: name.replace(/市$/, ""), province, region, districts };
}

function district(name: string, code: string): District {
  return { name, code };
}

export const FUZHOU = city("福建省", "福州市", "3910", [district("鼓楼区", "350102"), district("台江区", "350103")]);
export const CHENGDU = city("四川省", "成都市", "6510", [district("锦江区", "510104"), district("武侯区", "510107")]);
export const HANGZHOU = city("浙江省", "杭州市", "3310", [district("上城区", "330102"), district("西湖区", "330106")]);
export const BEIJING = city("", "北京市", "1000", [district("朝阳区", "110105"), district("海淀区", "110108")]);

export const CITIES: readonly [City, ...City[]] = [
  FUZHOU,
  CHENGDU,
  HANGZHOU,
  BEIJING,
  city("", "上海市", "2900", [district("黄浦区", "310101"), district("浦东新区", "310115")]),
  city("", "天津市", "1100", [district("和平区", "120101"), district("南开区", "120104")]),
  city("", "重庆市", "6530", [district("渝中区", "500103"), district("江北区", "500105")]),
  city("福建省", "厦门市", "3930", [district("思明区", "350203"), district("湖里区", "350206")]),
  city("江苏省", "南京市", "3010", [district("玄武区", "320102"), district("秦淮区", "320104")]),
  city("江苏省", "苏州市", "3050", [district("姑苏区", "320508"), district("吴中区", "320506")]),
  city("山东省", "济南市", "4510", [district("历下区", "370102"), district("市中区", "370103")]),
  city("山东省", "青岛市", "4520", [district("市南区", "370202"), district("崂山区", "370212")]),
  city("河南省", "郑州市", "4910", [district("金水区", "410105"), district("中原区", "410102")]),
  city("湖北省", "武汉市", "5210", [district("江岸区", "420102"), district("武昌区", "420106")]),
  city("湖南省", "长沙市", "5510", [district("芙蓉区", "430102"), district("岳麓区", "430104")]),
  city("广东省", "广州市", "5810", [district("越秀区", "440104"), district("天河区", "440106")]),
  city("广东省", "深圳市", "5840", [district("福田区", "440304"), district("南山区", "440305")]),
  city("云南省", "昆明市", "7310", [district("五华区", "530102"), district("盘龙区", "530103")]),
  city("陕西省", "西安市", "7910", [district("碑林区", "610103"), district("雁塔区", "610113")]),
  city("辽宁省", "沈阳市", "2210", [district("和平区", "210102"), district("沈河区", "210103")]),
];

export const STREETS = [
  "人民路",
  "中山路",
  "解放路",
  "建设路",
  "新华路",
  "和平街",
  "文化路",
  "学府路",
  "滨江路",
  "东大街",
  "南门外大街",
  "青年路",
  "友谊路",
  "长兴街",
  "花园路",
] as const;
