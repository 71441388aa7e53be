// A small seeded generator (mulberry32), so that the story of the day is the same on every run.
export function random(seed) {
  let a = seed >>> 0
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const rng = {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)), // both ends included
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
    // pairs of [value, weight]
    weighted(pairs) {
      let left = next() * pairs.reduce((sum, [, w]) => sum + w, 0)
      for (const [value, weight] of pairs) if ((left -= weight) < 0) return value
      return pairs[pairs.length - 1][0]
    },
    sample(list, n) {
      const rest = [...list]
      const out = []
      while (out.length < n && rest.length) out.push(rest.splice(Math.floor(next() * rest.length), 1)[0])
      return out
    },
    hex: (digits) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join(''),
  }
  return rng
}
