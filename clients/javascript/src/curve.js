// The group of Ed25519 in BigInt: only what node:crypto does not check, whether a public key is the canonical encoding
// of a point of the prime-order subgroup other than the identity. Nothing here handles secrets.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a) => ((a % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

function decompress(bytes) {
  const encoded = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const sign = encoded >> 255n;
  const y = encoded & (2n ** 255n - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n));
  if (mod(v * x * x - u) !== 0n) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(v * x * x - u) !== 0n || (x === 0n && sign)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const isIdentity = ([x, y, z]) => x === 0n && y === z;

const known = new Map();

/** Whether these 32 bytes are a usable public key. Answers are kept: an agreement is read many times. */
export function isPrimeOrderPoint(bytes) {
  const name = Buffer.from(bytes).toString("hex");
  if (!known.has(name)) {
    let point = bytes.length === 32 ? decompress(bytes) : null;
    let sum = [0n, 1n, 1n, 0n];
    const usable = point !== null && !isIdentity(point);
    for (let k = L; usable && k > 0n; k >>= 1n) {
      if (k & 1n) sum = add(sum, point);
      point = add(point, point);
    }
    known.set(name, usable && isIdentity(sum));
  }
  return known.get(name);
}
