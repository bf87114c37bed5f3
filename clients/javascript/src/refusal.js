// What is refused, with the stable code that SPEC gives for it. Verification throws; nothing returns a security
// boolean.

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export function refuse(code, message) {
  throw new Refusal(code, message);
}

export function ensure(holds, code, message) {
  if (!holds) refuse(code, message);
}

/** Runs `act`; whatever it refuses is refused under `code` instead, with its own words. */
export function under(code, act) {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) refuse(code, error.message);
    throw error;
  }
}
