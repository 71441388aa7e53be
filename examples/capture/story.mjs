// What happens in the day, decided before any SDK runs: visitors with their sessions, and the orders they place.
// An action is { t, ... } with one of: go (navigate and call page), screen, track, identify, alias, group, close.
import { DAY, HOUR, MINUTE } from './clock.mjs'
import { random } from './random.mjs'
import * as shop from './catalogue.mjs'

const HOURS = [2, 1, 1, 1, 1, 1, 3, 7, 12, 14, 15, 13, 12, 10, 10, 10, 11, 12, 15, 18, 17, 13, 8, 3]
const INTERNAL = { integrations: { Warehouses: { all: false } } }
const money = (amount) => Math.round(amount * 100) / 100
const listing = ({ product_id, sku, name, category, price }) => ({ product_id, sku, name, category, price, currency: 'GBP' })

export function tell({ seed = 20261101, webVisitors = 335, appVisitors = 66 } = {}) {
  const rng = random(seed)
  const visitors = []
  const orders = []
  let newest = 1200

  const names = rng.sample(shop.FIRST.flatMap((first) => shop.LAST.map((last) => [first, last])), 560)
  function person(userId, isNew, now) {
    const [firstName, lastName] = names.pop()
    const place = rng.weighted(shop.PLACES.map((p) => [p, p.weight]))
    const ascii = `${firstName}.${lastName}`.normalize('NFD').replace(/ł/gi, 'l').replace(/ø/gi, 'o').replace(/[^a-z.]/gi, '').toLowerCase()
    const traits = {
      email: `${ascii}@example.com`, firstName, lastName,
      plan: isNew ? 'free' : rng.weighted([['free', 6], ['club', 4]]),
      marketingOptIn: rng.chance(0.6),
      createdAt: new Date(isNew ? now : DAY - rng.int(3, 900) * 24 * HOUR + rng.int(0, 86_399) * 1000).toISOString(),
      address: { city: place.city, postcode: place.postcode, country: place.country },
    }
    if (rng.chance(0.5)) traits.favouriteBrew = rng.pick(['pour-over', 'espresso', 'french press', 'moka', 'cold brew'])
    if (!isNew) traits.loyaltyPoints = rng.int(0, 60) * 10
    return { userId, isNew, place, traits }
  }
  const customers = Array.from({ length: 150 }, (_, i) => person(`cus_${1001 + i}`, false, DAY))
  const cafes = shop.CAFES.map(([name, city, employees], i) => ({ groupId: `acct_${301 + i}`, traits: { name, city, employees, industry: 'hospitality', plan: rng.pick(['wholesale', 'wholesale', 'wholesale plus']) } }))
  customers.slice(0, 14).forEach((c, i) => { c.cafe = cafes[i % cafes.length] })
  const regulars = customers.slice(20)
  const takeRegular = () => regulars.length ? regulars.splice(rng.int(0, regulars.length - 1), 1)[0] : undefined

  const ip = () => rng.pick(['192.0.2.', '198.51.100.', '203.0.113.']) + rng.int(1, 254)
  const startOf = ([from, to] = [0, 23]) => {
    const hour = rng.weighted(HOURS.map((w, h) => [h, h >= from && h <= to ? w : 0]))
    return DAY + hour * HOUR + rng.int(0, hour === 23 ? 20 * MINUTE : HOUR - 1)
  }

  // One visit to the web shop or the app.
  function visit(v, { start, intent, channel, willSignUp, signedIn, coupon }) {
    const actions = []
    let t = start
    const wait = (low, high) => { t += rng.int(low * 1000, high * 1000) }
    const push = (action) => actions.push({ t, ...action, options: v.internal ? INTERNAL : undefined })
    let referrer = channel.referrer
    let query = channel.query
    const view = (category, name, path, title) => {
      if (v.app) push({ screen: [category, name, { build: 512 }], title: 'Kestrel' })
      else push({ go: path + query, title: `${title ?? name} · Kestrel Coffee`, referrer, page: [category, name] })
      referrer = shop.SHOP + path + query
      query = ''
      wait(4, 40)
    }
    const track = (event, properties = {}) => { push({ track: [event, properties] }); wait(2, 25) }
    const signIn = () => {
      if (v.known) return
      if (v.person.isNew) {
        v.person.traits.createdAt = new Date(t).toISOString()
        view('Account', 'Sign up', '/account/new')
        push({ alias: v.person.userId }); t += 150
        push({ identify: [v.person.userId, v.person.traits] }); t += 200
        track('Signed Up', { method: rng.weighted([['email', 3], ['google', 2]]), plan: v.person.traits.plan })
      } else {
        push({ identify: [v.person.userId, v.person.traits] }); t += 200
        track('Signed In', { method: rng.weighted([['email', 3], ['google', 1]]) })
        if (v.person.cafe) { push({ group: [v.person.cafe.groupId, v.person.cafe.traits] }); wait(1, 3) }
      }
      v.known = true
    }
    const basket = []
    const look = (item) => {
      view('Product', item.name, `/products/${shop.slug(item.name)}`)
      track('Product Viewed', listing(item))
    }
    const add = (item) => {
      const quantity = item.price < 15 ? rng.int(1, 3) : 1
      basket.push({ ...item, quantity })
      track('Product Added', { ...listing(item), quantity, cart_id: v.cart })
    }

    if (channel.landing) view('Category', channel.landing, `/shop/${shop.slug(channel.landing)}`)
    else view('Home', 'Home', '/', 'Gear for better mornings')
    if (intent === 'bounce') {
      if (rng.chance(0.3)) view('Content', 'Brew guide', '/guides/pour-over', 'How to pour')
      push({ close: true })
      return actions
    }
    if (signedIn) signIn()
    if (rng.chance(0.35)) {
      const [text, results] = rng.pick(shop.SEARCHES)
      track('Products Searched', { query: text, results }) // a number, or "100+": the shop's own slip
    }
    const category = channel.landing ?? rng.pick(['Beans', 'Beans', 'Brewers', 'Grinders', 'Kettles', 'Cups', 'Scales'])
    if (rng.chance(0.6)) {
      view('Category', category, `/shop/${shop.slug(category)}`)
      track('Product List Viewed', { list_id: slugged(category), category, sort: rng.pick(['popular', 'price', 'new']), filters: rng.chance(0.3) ? ['in stock', 'under £50'] : [] })
    }
    const liked = channel.landing ? shop.WEIGHTS.map(([p, w]) => [p, p.category === channel.landing ? w * 4 : w]) : shop.WEIGHTS
    const seen = []
    for (let n = rng.int(1, 4); n > 0; n--) { const item = rng.weighted(liked); seen.push(item); look(item) }
    if (rng.chance(0.05)) track(rng.pick(['☕️', '☕️', '🔥']), { screen: 'product' }) // the reaction button
    if (willSignUp) signIn()
    if (intent === 'browse') { push({ close: true }); return actions }

    const wanted = rng.sample([...new Set(seen)], rng.int(1, 2))
    for (const item of wanted) add(item)
    if (rng.chance(0.35)) { const filters = shop.PRODUCTS.find((p) => p.product_id === 'p141'); look(filters); add(filters) }
    view('Checkout', 'Cart', '/cart', 'Your cart')
    track('Cart Viewed', { cart_id: v.cart, items: basket.length })
    if (basket.length > 1 && rng.chance(0.2)) {
      const gone = basket.pop()
      track('Product Removed', { ...listing(gone), quantity: gone.quantity, cart_id: v.cart })
    }
    if (intent === 'cart' && rng.chance(0.5)) { push({ close: true }); return actions }

    if (rng.chance(0.75)) signIn()
    const subtotal = money(basket.reduce((sum, p) => sum + p.price * p.quantity, 0))
    if (v.place.country !== 'GB') coupon = undefined
    const discount = coupon ? money(subtotal * 0.15) : 0
    const shipping = subtotal > 45 ? 0 : 3.95
    view('Checkout', 'Checkout', '/checkout')
    track('Checkout Started', { cart_id: v.cart, value: subtotal, currency: 'GBP', items: basket.length })
    if (coupon) track('Coupon Applied', { cart_id: v.cart, coupon, discount })
    track('Checkout Step Completed', { cart_id: v.cart, step: 1, shipping_method: rng.pick(['standard', 'standard', 'express']) })
    if (intent === 'cart') {
      if (rng.chance(0.4)) track('Payment Declined', { cart_id: v.cart, code: rng.pick(['insufficient_funds', 'do_not_honor', 51]) })
      push({ close: true })
      return actions
    }
    const total = money(subtotal - discount + shipping)
    const properties = {
      order_id: null, cart_id: v.cart, total, subtotal, revenue: money(subtotal - discount), shipping, discount, tax: money(total / 6),
      currency: 'GBP', payment_method: rng.pick(['card', 'card', 'card', 'paypal', 'apple_pay']),
      products: basket.map((p, i) => ({ ...p, position: i + 1 })),
    }
    if (coupon) properties.coupon = coupon
    orders.push({ t, properties, visitor: v, userId: v.known ? v.person.userId : undefined })
    push({ track: [v.app ? 'order completed' : 'Order Completed', properties] }) // two teams, two spellings
    wait(1, 4)
    view('Checkout', 'Thank you', '/checkout/thank-you')
    if (v.known && rng.chance(0.35)) {
      v.person.traits = { ...v.person.traits, plan: rng.chance(0.5) ? 'club' : v.person.traits.plan, loyaltyPoints: (v.person.traits.loyaltyPoints ?? 0) + Math.round(total) }
      push({ identify: [v.person.userId, { plan: v.person.traits.plan, loyaltyPoints: v.person.traits.loyaltyPoints }] })
    }
    push({ close: true })
    return actions
  }
  const slugged = (text) => `list-${shop.slug(text)}`

  function visitor(fields) {
    const v = { ip: ip(), skew: rng.int(-900, 900), cart: `cart_${rng.hex(6)}`, known: false, sessions: [], ...fields }
    v.place = v.person?.place ?? rng.weighted(shop.PLACES.map((p) => [p, p.weight]))
    visitors.push(v)
    return v
  }
  const intentOf = (will) => rng.weighted([['bounce', 34], ['browse', 36], ['cart', 11 * will], ['order', 9 * will]])

  for (let i = 0; i < webVisitors; i++) {
    const channel = rng.weighted(shop.CHANNELS.map((c) => [c, c.weight]))
    const phone = rng.chance(channel.phone ? 0.95 : 0.45)
    const isNew = rng.chance(0.45)
    const v = visitor({ device: rng.pick(phone ? shop.PHONES : shop.DESKTOPS), person: isNew ? undefined : takeRegular() })
    const start = startOf(channel.hours)
    v.person ??= person(`cus_${++newest}`, true, start)
    v.place = v.person.place
    const intent = intentOf(channel.will)
    const signedIn = !v.person.isNew && rng.chance(0.3)
    v.sessions.push(visit(v, { start, intent, channel, signedIn, willSignUp: v.person.isNew && rng.chance(0.12), coupon: channel.coupon ?? (rng.chance(0.15) ? 'KESTREL15' : undefined) }))
    const later = v.sessions[0].at(-1).t + rng.int(90, 420) * MINUTE
    if (intent !== 'bounce' && later < DAY + 23 * HOUR && rng.chance(0.22)) {
      v.cart = `cart_${rng.hex(6)}`
      v.sessions.push(visit(v, { start: later, intent: intentOf(1.6), channel: shop.CHANNELS[0], signedIn: v.known }))
    }
  }
  for (let i = 0; i < appVisitors; i++) {
    const v = visitor({ app: true, device: rng.pick(shop.HANDSETS), person: takeRegular() })
    const start = startOf()
    v.person ??= person(`cus_${++newest}`, true, start)
    v.place = v.person.place
    v.sessions.push(visit(v, { start, intent: intentOf(1.4), channel: { referrer: '', query: '' }, signedIn: !v.person.isNew }))
  }
  // Three phones that are offline while the app is used: their queue arrives hours later.
  const early = visitors.filter((v) => v.app && v.sessions[0][0].t < DAY + 18 * HOUR && v.sessions[0].length > 6)
  for (const v of early.slice(0, 3)) { v.offline = true; v.sessions[0].at(-1).t += rng.int(120, 260) * MINUTE }
  // One laptop whose clock is three hours slow, one phone seven minutes fast.
  const web = visitors.filter((v) => !v.app && v.sessions[0].length > 8)
  web[3].skew = -3 * HOUR
  web[11].skew = 7 * MINUTE

  // Wholesale customers who sign in to the web shop.
  for (const buyer of customers.slice(0, 10)) {
    const v = visitor({ device: rng.pick(shop.DESKTOPS), person: buyer })
    v.sessions.push(visit(v, { start: startOf([7, 16]), intent: rng.chance(0.5) ? 'order' : 'browse', channel: shop.CHANNELS[0], signedIn: true }))
  }
  // The customer whose first identify turns up late: `free` in the morning, `club` in the evening.
  const mover = customers[15]
  mover.traits.plan = 'free'
  mover.traits.loyaltyPoints = 120
  const late = visitor({ device: shop.DESKTOPS[1], person: mover })
  late.sessions.push(visit(late, { start: DAY + 9 * HOUR + 12 * MINUTE, intent: 'browse', channel: shop.CHANNELS[1], signedIn: true }))
  const evening = DAY + 18 * HOUR + 41 * MINUTE
  late.sessions.push([
    { t: evening, go: '/account', title: 'Account · Kestrel Coffee', referrer: '', page: ['Account', 'Account'] },
    { t: evening + 21_000, identify: [mover.userId, { plan: 'club', loyaltyPoints: 310 }] },
    { t: evening + 25_000, close: true },
  ])
  // The shop's own tester, whose events say that no warehouse wants them.
  const tester = visitor({ device: shop.DESKTOPS[0], internal: true, person: { userId: 'qa-1', isNew: false, place: shop.PLACES[0], traits: { email: 'qa@kestrelcoffee.example', firstName: 'Test', lastName: 'Account', plan: 'club' } } })
  tester.sessions.push(visit(tester, { start: DAY + 10 * HOUR + 15 * MINUTE, intent: 'order', channel: shop.CHANNELS[0], signedIn: true, coupon: 'KESTREL15' }))

  // Reviews: properties called `id` and `order`, which the tables reserve.
  const review = 'The burrs are quiet, the grind is even and the handle folds away into a drawer. '
  const reviewers = visitors.filter((v) => !v.app && v.known && !v.internal).slice(0, 12)
  reviewers.forEach((v, i) => {
    const last = v.sessions.at(-1)
    const t = last.at(-1).t
    last.splice(-1, 0, { t, track: ['Review Submitted', { id: 88210 + i, order: `KC-${49100 + i * 7}`, rating: rng.int(2, 5), text: i === 4 ? review.repeat(9).trim() : review.slice(0, rng.int(20, 79)).trim() }] })
  })

  orders.sort((a, b) => a.t - b.t)
  orders.forEach((order, i) => { order.properties.order_id = `KC-${50001 + i}` })
  return { visitors, orders, customers, cafes }
}
