/** Digits as keyboards of other scripts write them, as ours: ٣٨ and ३८ are 38. */

const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xff10];

export const plainDigits = (text) =>
  text.replace(/\p{Nd}/gu, (digit) => {
    const point = digit.codePointAt(0);
    const zero = ZEROS.find((each) => point >= each && point < each + 10);
    return zero === undefined ? digit : String(point - zero);
  });
