import assert from "node:assert/strict";
import { test } from "node:test";
import { Hotline } from "../src/hotline.js";

test("pages that lead on and hold nothing are no list of the hotline's", async () => {
  const hotline = Object.create(Hotline.prototype);
  let asked = 0;
  hotline.read = async () => {
    asked += 1;
    return { at: "0123456789abcdef0123456789abcdef-1", conflicts: [], next: `p${asked}` };
  };
  await assert.rejects(hotline.pages("/v1/conflicts", "conflicts", "conflict"), { code: "unreachable" });
  assert.equal(asked, 1);
});
