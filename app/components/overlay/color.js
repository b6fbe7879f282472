// Values to colors. The tables are matplotlib's viridis, inferno and cividis, 256 colors as rrggbb each: perceptually
// uniform and safe for color-blind eyes. Signed maps: purple below zero, orange above, white at zero (after
// ColorBrewer's PuOr).

const TABLES = {
  viridis: "" +
    "44015444025544035745055845065a45085b46095c460b5e460c5f460e61470f6247116347126547146647156747166947186a48196b" +
    "481a6c481c6e481d6f481e70482071482172482273482374472575472676472777472878472a79472b7a472c7b462d7c462f7c46307d" +
    "46317e45327f45347f453580453681443781443982433a83433b83433c84423d84423e854240854141864142864043874044873f4587" +
    "3f47883e48883e49893d4a893d4b893d4c893c4d8a3c4e8a3b508a3b518a3a528b3a538b39548b39558b38568b38578c37588c37598c" +
    "365a8c365b8c355c8c355d8c345e8d345f8d33608d33618d32628d32638d31648d31658d31668d30678d30688d2f698d2f6a8d2e6b8e" +
    "2e6c8e2e6d8e2d6e8e2d6f8e2c708e2c718e2c728e2b738e2b748e2a758e2a768e2a778e29788e29798e287a8e287a8e287b8e277c8e" +
    "277d8e277e8e267f8e26808e26818e25828e25838d24848d24858d24868d23878d23888d23898d22898d228a8d228b8d218c8d218d8c" +
    "218e8c208f8c20908c20918c1f928c1f938b1f948b1f958b1f968b1e978a1e988a1e998a1e998a1e9a891e9b891e9c891e9d881e9e88" +
    "1e9f881ea0871fa1871fa2861fa38620a48520a58521a68521a78422a78423a88323a98224aa8225ab8126ac8127ad8028ae7f29af7f" +
    "2ab07e2bb17d2cb17d2eb27c2fb37b30b47a32b57a33b67935b77836b87738b97639b9763bba753dbb743ebc7340bd7242be7144be70" +
    "45bf6f47c06e49c16d4bc26c4dc26b4fc36951c46853c56755c66657c66559c7645bc8625ec96160c96062ca5f64cb5d67cc5c69cc5b" +
    "6bcd596dce5870ce5672cf5574d05477d05279d1517cd24f7ed24e81d34c83d34b86d44988d5478bd5468dd64490d64392d74195d73f" +
    "97d83e9ad83c9dd93a9fd938a2da37a5da35a7db33aadb32addc30afdc2eb2dd2cb5dd2bb7dd29bade27bdde26bfdf24c2df22c5df21" +
    "c7e01fcae01ecde01dcfe11cd2e11bd4e11ad7e219dae218dce218dfe318e1e318e4e318e7e419e9e419ece41aeee51bf1e51cf3e51e" +
    "f6e61ff8e621fae622fde724",
  inferno: "" +
    "00000300000400000601000701010901010b02010e02021003021204031404031605041806041b07051d08061f0906210a07230b0726" +
    "0d08280e082a0f092d10092f120a32130a34140b36160b39170b3b190b3e1a0b401c0c431d0c451f0c47200c4a220b4c240b4e260b50" +
    "270b52290b542b0a562d0a582e0a5a300a5c32095d34095f3509603709613909623b09643c09653e0966400966410967430a68450a69" +
    "460a69480b6a4a0b6a4b0c6b4d0c6b4f0d6c500d6c520e6c530e6d550f6d570f6d58106d5a116d5b116e5d126e5f126e60136e62146e" +
    "63146e65156e66156e68166e6a176e6b176e6d186e6e186e70196e72196d731a6d751b6d761b6d781c6d7a1c6d7b1d6c7d1d6c7e1e6c" +
    "801f6b811f6b83206b85206a86216a88216a8922698b22698d23698e24689024689125679325679526669626669827659928649b2864" +
    "9c29639e2963a02a62a12b61a32b61a42c60a62c5fa72d5fa92e5eab2e5dac2f5cae305baf315bb1315ab23259b43358b53357b73456" +
    "b83556ba3655bb3754bd3753be3852bf3951c13a50c23b4fc43c4ec53d4dc73e4cc83e4bc93f4acb4049cc4148cd4247cf4446d04544" +
    "d14643d24742d44841d54940d64a3fd74b3ed94d3dda4e3bdb4f3adc5039dd5238de5337df5436e05634e25733e35832e45a31e55b30" +
    "e65c2ee65e2de75f2ce8612be9622aea6428eb6527ec6726ed6825ed6a23ee6c22ef6d21f06f1ff0701ef1721df2741cf2751af37719" +
    "f37918f47a16f57c15f57e14f68012f68111f78310f7850ef8870df8880cf88a0bf98c09f98e08f99008fa9107fa9306fa9506fa9706" +
    "fb9906fb9b06fb9d06fb9e07fba007fba208fba40afba60bfba80dfbaa0efbac10fbae12fbb014fbb116fbb318fbb51afbb71cfbb91e" +
    "fabb21fabd23fabf25fac128f9c32af9c52cf9c72ff8c931f8cb34f8cd37f7cf3af7d13cf6d33ff6d542f5d745f5d948f4db4bf4dc4f" +
    "f3de52f3e056f3e259f2e45df2e660f1e864f1e968f1eb6cf1ed70f1ee74f1f079f1f27df2f381f2f485f3f689f4f78df5f891f6fa95" +
    "f7fb99f9fc9dfafda0fcfea4",
  cividis: "" +
    "00224d00234f00235000245200255400265500265700275900285b00285c00295e002a60002a62002b64002c66002c67002d69002e6b" +
    "002f6d002f6f0030700030700031700031700432700833700b33700e347011356f14366f16366f18376f1a386f1c386e1d396e1f3a6e" +
    "213b6e223b6e243c6e253d6d273d6d283e6d2a3f6d2b3f6d2c406d2e416c2f426c30426c31436c32446c34446c35456c36466c37466c" +
    "38476c39486c3a486b3b496b3d4a6b3e4b6b3f4b6b404c6b414d6b424d6b434e6b444f6b454f6b46506b47516b48516b49526b4a536b" +
    "4b546c4c546c4d556c4e566c4e566c4f576c50586c51586c52596c535a6c545a6c555b6d565c6d575d6d585d6d595e6d595f6d5a5f6d" +
    "5b606e5c616e5d616e5e626e5f636e60646e61646f61656f62666f63666f64676f656870666970676970686a70686b71696b716a6c71" +
    "6b6d716c6d726d6e726e6f726e70736f7073707173717273727374737374747475747575757575767676777776787876797877797977" +
    "7a7a777b7b777c7b787d7c787e7d787f7d78807e78817f788280788380788481788582788583788683788784788885788986788a8678" +
    "8b87788c88788d89788e89788f8a77908b77918c77928c77938d77948e77958f77968f779790769891769992769a93769b93769c9476" +
    "9d95759e96759f9675a09775a19874a29974a39a74a49a74a59b73a69c73a79d73a89e73a99e72aa9f72aba072aca171ada271aea271" +
    "afa370b0a470b1a570b2a66fb3a66fb4a76fb5a86eb6a96eb7aa6db8ab6db9ab6dbaac6cbbad6cbcae6bbdaf6bbeb06abfb06ac1b169" +
    "c2b269c3b368c4b468c5b567c6b567c7b666c8b765c9b865cab964cbba64ccbb63cdbc62cebc62cfbd61d0be60d2bf60d3c05fd4c15e" +
    "d5c25ed6c35dd7c35cd8c45bd9c55adac65adbc759dcc858dec957dfca56e0cb55e1cc54e2cc53e3cd52e4ce51e5cf50e6d04fe8d14e" +
    "e9d24dead34cebd44becd54aedd648eed747efd846f1d944f2da43f3da42f4db40f5dc3ff6dd3df8de3bf9df3afae038fbe136fde234" +
    "fde333fde534fde636fde737",
};
const DIVERGING = ["3f1d73", "5b3fa0", "7c66bd", "aca0d3", "f7f7f7", "fbca8a", "f09c38", "d4701a", "a34a04"];

const GROWTH = 0.7;

const triples = (hex) => hex.match(/../g).map((pair) => parseInt(pair, 16));

const palettes = new Map();

// 256 colors, r g b each. A signed one has zero at index 128, its ends at 1 and 255.
function palette(name, signed) {
  const key = signed ? "diverging" : name;
  if (!palettes.has(key)) palettes.set(key, signed ? divergingPalette() : triples(TABLES[name]));
  return palettes.get(key);
}

function divergingPalette() {
  const stops = DIVERGING.map(triples);
  return Array.from({ length: 256 }, (_, i) => {
    const at = (Math.max(-1, (i - 128) / 127) + 1) * ((stops.length - 1) / 2);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((from, channel) => Math.round(from + (stops[low + 1][channel] - from) * (at - low)));
  }).flat();
}

// The 256 colors with their alpha, as one number for each pixel: alpha = opacity · t^0.7, where t is the place in the
// scale (0..1), for signed maps the distance from zero. So a zero lets the picture through and the peak is most opaque.
function ramp(name, signed, opacity) {
  const colors = palette(name, signed);
  const bytes = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    const t = signed ? Math.min(Math.abs(i - 128) / 127, 1) : i / 255;
    bytes.set(colors.slice(3 * i, 3 * i + 3), 4 * i);
    bytes[4 * i + 3] = Math.round(255 * opacity * t ** GROWTH);
  }
  return new Uint32Array(bytes.buffer);
}

// { low, high, signed, above }: what the ends of the colors stand for, and which share of the map lies beyond them. A
// scale of its own runs from a map's low to its `end`, a `shared` one from zero, a signed one always evenly around zero.
function scaleOf(map, end, shared) {
  const above = map.high > end ? shareAbove(map.values, end) : 0;
  if (map.signed) return { low: -end, high: end, signed: true, above };
  return { low: !shared && end > map.low ? map.low : 0, high: end, signed: false, above };
}

function shareAbove(values, end) {
  let [count, all] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    all++;
    if (Math.abs(value) > end) count++;
  }
  return count / all;
}

// The index in a ramp is 255 · (v - low) / (high - low), or for signed maps 128 + 127 · v / high, rounded.
// Pixels (Uint32Array) of a field; values below `threshold` as a share of the scale's end are left out, as are NaN.
function colorize(field, scale, colors, threshold, pixels) {
  const factor = scale.high > scale.low ? (scale.signed ? 127 / scale.high : 255 / (scale.high - scale.low)) : 0;
  const offset = scale.signed ? 128.5 : 0.5 - scale.low * factor;
  const cut = threshold * scale.high * (1 - 1e-6); // the peak itself always stays
  const values = field.values;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const index = Math.min(Math.max(value * factor + offset, 0), 255) | 0;
    pixels[i] = (scale.signed ? Math.abs(value) : value) >= cut ? colors[index] : 0;
  }
}
