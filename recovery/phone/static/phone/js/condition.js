/** The protocol's condition language, as far as it looks at answers alone. The phone uses it to show the emergency
 *  screen by itself. A test on a missing answer is false; `not` turns that round, which the protocol says with
 *  `missing: holds`. */

const TESTS = {
  eq: (value, operand) => value === operand,
  in: (value, operand) => operand.includes(value),
  has: (value, operand, atLeast) => value.filter((code) => operand.includes(code)).length >= atLeast,
  only: (value, operand) => value.length === operand.length && value.every((code) => operand.includes(code)),
  ge: (value, operand) => value >= operand,
  gt: (value, operand) => value > operand,
  le: (value, operand) => value <= operand,
  lt: (value, operand) => value < operand,
};

/** Throws when the condition holds a form that this phone does not know. */
export function holds(condition, answers) {
  if ("not" in condition) return !holds(condition.not, answers);
  const [[key, asked], ...more] = Object.entries(condition);
  if (more.length) throw new Error(`unknown condition ${JSON.stringify(condition)}`);
  if (key === "all") return asked.map((part) => holds(part, answers)).every(Boolean);
  if (key === "any") return asked.map((part) => holds(part, answers)).some(Boolean);
  if (key === "known") return isGiven(answers[asked]);
  return compares(answers[key], comparisons(asked));
}

function comparisons(asked) {
  if (Array.isArray(asked)) return { in: asked };
  return typeof asked === "object" ? asked : { eq: asked };
}

function compares(value, { at_least: atLeast = 1, ...tests }) {
  const results = Object.entries(tests).map(([op, operand]) => {
    if (!(op in TESTS)) throw new Error(`unknown comparison ${op}`);
    return isGiven(value) && TESTS[op](value, operand, atLeast);
  });
  return results.every(Boolean);
}

const isGiven = (value) => value !== null && value !== undefined;
