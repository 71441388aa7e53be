// The simulated clock. `Date` is replaced for the whole process, so the SDKs stamp their events with simulated time
// while timers stay real: a simulated hour costs nothing. Between two calls of `at`, time runs at its real pace.
const RealDate = Date

export const DAY = RealDate.UTC(2026, 10, 1)
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

let base = DAY
let mark = performance.now()

export const clock = {
  skew: 0, // how wrong the clock of the current device is; the capture endpoint's own clock is right
  now: () => Math.floor(base + performance.now() - mark),
  // Go to a moment of the day. Time never goes back inside one visitor's story: a moment already past is ignored.
  at(ms) {
    if (ms > clock.now()) { base = ms; mark = performance.now() }
  },
  // Start another story, which may be earlier in the day.
  restart(ms, skew = 0) { base = ms; mark = performance.now(); clock.skew = skew },
}

class SimulatedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(clock.now() + clock.skew)
    else super(...args)
  }
  static now() { return clock.now() + clock.skew }
}

export function install() { globalThis.Date = SimulatedDate }
export function uninstall() { globalThis.Date = RealDate }
