// The back office, on three server SDKs: the order service (@segment/analytics-node), the subscription job
// (analytics-node, the legacy SDK) and the nightly CRM export (analytics-python, in crm_export.py).
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { clock, DAY, HOUR, MINUTE } from './clock.mjs'

const money = (amount) => Math.round(amount * 100) / 100

export function planOrders(story, rng) {
  const calls = []
  const real = story.orders.filter((order) => !order.visitor.internal)
  for (const order of real) {
    const { order_id, total, products, payment_method } = order.properties
    const who = order.userId ? { userId: order.userId } : { anonymousId: order.anonymousId }
    const at = (t, event, properties) => calls.push({ t, method: 'track', message: { ...who, event, properties } })
    at(order.t + rng.int(900, 4000), 'Payment Captured', { order_id, amount: total, currency: 'GBP', method: payment_method, fee: money(total * 0.014 + 0.2), live: true })
    if (order.userId) {
      const orders = rng.int(1, 9)
      calls.push({ t: order.t + rng.int(5000, 9000), method: 'identify', message: { userId: order.userId, traits: { ordersCount: orders, lifetimeValue: money(total + (orders - 1) * rng.int(18, 70)), lastOrderAt: new Date(order.t).toISOString() } } })
    }
    const packed = order.t + rng.int(70, 330) * MINUTE
    if (packed < DAY + 21 * HOUR && rng.chance(0.93)) {
      at(packed, 'Order Fulfilled', { order_id, warehouse: rng.pick(['Bristol', 'Bristol', 'Leeds']), carrier: rng.pick(['Swift Post', 'Parcelwing', 'Bike courier']), items: products.reduce((n, p) => n + p.quantity, 0), hours_to_ship: money((packed - order.t) / HOUR) })
      if (rng.chance(0.15)) {
        const whole = rng.chance(0.5)
        at(Math.min(packed + rng.int(30, 120) * MINUTE, DAY + 23 * HOUR), 'Order Refunded', { order_id, amount: whole ? total : money(products[0].price), full: whole, reason: rng.pick(['damaged', 'late', 'changed mind']), products: products.slice(0, 1) })
      }
    }
  }
  // Yesterday's orders, packed this morning, and a few parcels that came back.
  for (let i = 0; i < 26; i++) {
    const userId = rng.pick(story.customers).userId
    const order_id = `KC-${49958 + i}`
    calls.push({ t: DAY + 6 * HOUR + rng.int(0, 170) * MINUTE, method: 'track', message: { userId, event: 'Order Fulfilled', properties: { order_id, warehouse: rng.pick(['Bristol', 'Leeds']), carrier: rng.pick(['Swift Post', 'Parcelwing']), items: rng.int(1, 4), hours_to_ship: rng.int(9, 17) } } })
  }
  for (let i = 0; i < 6; i++) {
    calls.push({ t: DAY + rng.int(9, 17) * HOUR + rng.int(0, 59) * MINUTE, method: 'track', message: { userId: rng.pick(story.customers).userId, event: 'Order Refunded', properties: { order_id: `KC-${49790 + i * 11}`, amount: money(rng.int(9, 90) + 0.5), full: true, reason: rng.pick(['damaged', 'changed mind', 'wrong item']) } } })
  }
  for (let i = 0; i < 14; i++) {
    const cafe = story.cafes[i % story.cafes.length]
    calls.push({ t: DAY + rng.int(8, 17) * HOUR + rng.int(0, 59) * MINUTE, method: 'track', message: { userId: story.customers[i].userId, event: 'Invoice Paid', properties: { invoice_id: `INV-${7301 + i}`, amount: rng.int(180, 2400), currency: 'GBP', terms_days: rng.pick([14, 30]) }, context: { groupId: cafe.groupId } } })
  }
  return calls.sort((a, b) => a.t - b.t)
}

export async function runOrderService(calls, { host, link, writeKey, lose }) {
  const { Analytics } = await import('@segment/analytics-node')
  const analytics = new Analytics({ writeKey, host: `http://${host}`, flushAt: 20, flushInterval: 3_600_000, maxRetries: 3 })
  const send = async (n) => {
    if (lose.includes(n)) link.loseNext = true // recorded, but the SDK is told 503 and sends the batch again
    await analytics.flush()
  }
  let batches = 0
  let waiting = 0
  clock.restart(DAY)
  for (const [i, { t, method, message }] of calls.entries()) {
    clock.at(t)
    analytics[method](message)
    waiting++
    const next = calls[i + 1]?.t ?? Infinity
    if (waiting < 15 && next - t < 10_000) continue
    clock.at(t + Math.min(10_000, Math.max(0, next - t - 50))) // the service's own flush timer: ten seconds
    await send(batches++)
    waiting = 0
  }
  await analytics.closeAndFlush()
}

export async function runSubscriptionJob(story, { host, writeKey, rng }) {
  const Analytics = createRequire(import.meta.url)('analytics-node')
  const analytics = new Analytics(writeKey, { host: `http://${host}`, flushAt: 1000, flushInterval: 3_600_000 })
  const flush = () => new Promise((resolve, reject) => analytics.flush((error) => error ? reject(error) : resolve()))
  clock.restart(DAY + 2 * HOUR)
  const members = story.customers.filter((_, i) => i % 8 !== 5)
  for (const [i, { userId, traits }] of members.entries()) {
    clock.at(clock.now() + rng.int(600, 3500))
    const plan = rng.pick(['Club Weekly', 'Club Fortnightly', 'Club Monthly'])
    const amount = { 'Club Weekly': 9.75, 'Club Fortnightly': 18, 'Club Monthly': 34.5 }[plan]
    const subscription = { subscription_id: `sub_${4000 + i}`, plan, amount, currency: 'GBP' }
    if (rng.chance(0.06)) analytics.track({ userId, event: 'Subscription Payment Failed', properties: { ...subscription, attempt: 1, reason: rng.pick(['card_expired', 'insufficient_funds']) } })
    else analytics.track({ userId, event: 'Subscription Renewed', properties: { ...subscription, cycle: rng.int(1, 40), next_renewal: new Date(DAY + { 'Club Weekly': 7, 'Club Fortnightly': 14, 'Club Monthly': 30 }[plan] * 24 * HOUR).toISOString().slice(0, 10), beans: rng.sample(['Dawn Chorus', 'Updraft', 'Nightjar', 'Guji “Uraga”'], plan === 'Club Monthly' ? 2 : 1), country: traits.address.country } })
    if (i % 20 === 19) { clock.at(clock.now() + 400); await flush() }
  }
  await flush()
}

// Optional: without Python or its packages the capture goes on, and the sample is some sixty lines shorter.
export async function runCrmExport(story, { host, writeKey }) {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const env = { ...process.env, PYTHONPATH: `${here}python_modules`, PYTHONDONTWRITEBYTECODE: '1' }
  if (spawnSync('python3', ['-c', 'import segment.analytics'], { env }).status !== 0) {
    console.error('analytics-python is not installed: no CRM export')
    return
  }
  const start = DAY + 4 * HOUR + 30 * MINUTE
  const input = JSON.stringify({ start, host: `http://${host}`, writeKey, cafes: story.cafes, customers: story.customers.slice(0, 30) })
  clock.restart(start)
  await new Promise((resolve, reject) => {
    const child = spawn('python3', [`${here}crm_export.py`], { env, stdio: ['pipe', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) => code === 0 ? resolve() : reject(new Error(`crm_export.py: exit code ${code}`)))
    child.stdin.end(input)
  })
}

// The till in the Bristol shop: plain HTTP calls, written by hand, with no SDK and no `sentAt`. A customer without a
// loyalty card has no id at all, and an old version of the till's program puts the event's name into `name`.
export async function runTill(story, { host, writeKey, rng }) {
  const buyers = story.customers.filter((c) => c.place.city === 'Bristol')
  let t = DAY + 9.5 * HOUR
  clock.restart(t)
  for (let i = 0; i < 17; i++) {
    t += rng.int(12, 38) * MINUTE
    clock.at(t)
    const timestamp = new Date(t - rng.int(1, 5) * 1000).toISOString().replace(/\.\d+Z/, '+00:00')
    const call = { messageId: `till-bristol-${20261101000 + i}`, timestamp, event: 'In-Store Sale', properties: { receipt: 3300 + i, total: (rng.int(3, 48) + rng.pick([0, 0.5, 0.95])).toFixed(2), till: 1 } }
    if (i !== 5 && i !== 11) call.userId = buyers[i % buyers.length].userId
    if (i === 14) { call.name = call.event; delete call.event }
    await fetch(`http://${host}/v1/track`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${writeKey}:`)}` }, body: JSON.stringify(call) })
  }
}
