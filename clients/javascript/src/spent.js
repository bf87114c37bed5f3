// Spent budgets: the service's word that a party is over one, and until when it may be refused.
import { serviceKeys } from "./agreement.js";
import { readInstant, seconds } from "./instant.js";
import { isText } from "./json.js";
import { ensure, under } from "./refusal.js";
import { checkClaims, KINDS, open } from "./statement.js";

const COVERED_AT_MOST_S = 86_400; // by one word

const BUDGET = /^[a-z][a-z0-9_]{0,63}$/;

/** Whose budget is spent, which, and until when; or a refusal with `evidence`. */
export function readSpent(text, agreements) {
  const fail = (holds, what) => ensure(holds, "evidence", what);
  const keys = new Map(agreements.flatMap((agreement) => [...serviceKeys(agreement)]));
  const { payload, until } = under("evidence", () => {
    const statement = open(text, KINDS.budget, keys);
    checkClaims(statement.payload, false);
    return { payload: statement.payload, until: readInstant(statement.payload.until) };
  });
  const { party, budget } = payload;
  fail(payload.iss === "service" && payload.aud === agreements[0].id, "not the service's word, of this agreement");
  fail(agreements.some(({ parties }) => parties.some(({ id }) => id === party)), "of no party of the agreement");
  fail(isText(budget) && BUDGET.test(budget), "a budget has a name");
  const coveredUs = until - seconds(payload.iat); // the second of the entry is rounded down
  fail(coveredUs >= 0 && coveredUs < seconds(COVERED_AT_MOST_S + 1), "it covers a day at most, and no time before it");
  return { party, budget, until: payload.until };
}
