// From the captured calls to raw logs in the S3 layout, with the mess that no SDK makes. Returns the counts.
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { DAY, HOUR, MINUTE } from './clock.mjs'
import { random } from './random.mjs'

// When the copier ran, in minutes of the day: at forty past the hour, less often at night and for the back office.
const CUTS = {
  kWebShop01: [220, 400, 460, 520, 580, 640, 700, 760, 820, 880, 940, 1000, 1060, 1120, 1180, 1240, 1300, 1360, 1440],
  kBackend02: [160, 340, 520, 640, 760, 880, 1000, 1120, 1240, 1440],
}

export function writeLogs({ records, story, output, sources }) {
  const rng = random(23)
  const mess = {}
  const count = (kind, n = 1) => { mess[kind] = (mess[kind] ?? 0) + n }
  const root = path.join(output, 'segment-logs')
  fs.rmSync(root, { recursive: true, force: true })

  const internal = (event) => event.integrations?.Warehouses?.all === false
  const objects = []
  for (const { id } of sources) {
    const cuts = CUTS[id].map((minute) => DAY + minute * MINUTE)
    const own = cuts.map((cut) => ({ source: id, cut, name: `${cut + rng.int(2000, 50000)}.${rng.hex(12)}.gz`, lines: [], tail: '\n' }))
    objects.push(...own)
    const objectAt = (ms) => own[cuts.findIndex((cut) => ms < cut)]
    const add = (object, receivedAt, event) => object.lines.push({ at: receivedAt + rng.int(0, 20_000), text: JSON.stringify(event) })
    const mine = records.filter((r) => r.source === id).sort((a, b) => a.receivedAt - b.receivedAt)

    const ids = new Set()
    for (const { event } of mine) {
      if (ids.has(event.messageId)) count('sent again by the SDK after a lost reply')
      ids.add(event.messageId)
    }

    // The identify that turns up late: the first one of the customer who later moves to the club.
    const mover = story.customers[15].userId
    const lateOne = id === 'kWebShop01' ? mine.find(({ event }) => event.type === 'identify' && event.userId === mover) : undefined
    for (const record of mine) {
      if (record === lateOne) { add(own.at(-1), record.receivedAt, record.event); count('identify in a later object') }
      else add(objectAt(record.receivedAt), record.receivedAt, record.event)
    }

    // Copied twice: the copier's windows overlapped, so a line is in two neighbouring objects, byte for byte.
    const candidates = mine.filter(({ event, receivedAt }) => !internal(event) && event.messageId && receivedAt < DAY + 20 * HOUR && receivedAt !== lateOne?.receivedAt)
    const chosen = rng.sample(candidates, id === 'kWebShop01' ? 42 : 14)
    const half = chosen.length / 2
    for (const { receivedAt, event } of chosen.slice(0, half)) {
      const next = own[own.indexOf(objectAt(receivedAt)) + 1]
      add(next, next.cut - 50 * MINUTE, event)
      count('copied into two objects, byte for byte')
    }
    // Delivered again later: same messageId, later sentAt and receivedAt.
    for (const [i, { receivedAt, event }] of chosen.slice(half).entries()) {
      for (let delay = rng.int(65, 200) * MINUTE, n = i === 0 ? 2 : 1; n > 0; n--, delay += 21 * MINUTE) {
        const again = { ...event, receivedAt: new Date(receivedAt + delay).toISOString() }
        if (event.sentAt) again.sentAt = new Date(Date.parse(event.sentAt) + delay).toISOString()
        add(objectAt(receivedAt + delay), receivedAt + delay, again)
        count('delivered again, with a later receivedAt')
      }
    }
    for (const object of own) object.lines.sort((a, b) => a.at - b.at)

    if (id === 'kWebShop01') {
      // The writer died in the middle of a line; its successor wrote that line again, whole.
      const [object, next] = [own[8], own[9]]
      const text = next.lines[0].text
      object.lines.push({ text: text.slice(0, Math.floor(text.length * 0.6)) })
      object.tail = ''
      count('truncated line')
    } else {
      own[6].lines.splice(7, 0, { text: 'WARN copier: flush took 5012 ms, 2 retries left' })
      count('line that is not JSON')
    }
  }

  let bytes = 0
  let rawBytes = 0
  for (const { source, name, lines, tail } of objects) {
    const folder = path.join(root, source, String(DAY))
    fs.mkdirSync(folder, { recursive: true })
    const raw = Buffer.from(lines.map(({ text }) => text).join('\n') + tail)
    const gz = zlib.gzipSync(raw, { level: 9 })
    fs.writeFileSync(path.join(folder, name), gz)
    bytes += gz.length
    rawBytes += raw.length
  }
  fs.writeFileSync(path.join(root, 'dummy-object.txt'), '')
  fs.writeFileSync(path.join(root, 'kWebShop01', '.DS_Store'), Buffer.concat([Buffer.from('\0\0\0\x01Bud1', 'latin1'), Buffer.alloc(56)]))
  return { ...survey(root, internal), mess, bytes, rawBytes }
}

// Reads the written logs back and counts what is in them, as a loader has to.
function survey(root, internal) {
  const out = {}
  for (const source of fs.readdirSync(root)) {
    const folder = path.join(root, source, String(DAY))
    if (!fs.existsSync(folder)) continue
    const s = { objects: 0, lines: 0, loaded: 0, duplicate: 0, filtered: 0, rejected: 0, types: {}, events: {}, libraries: {} }
    const add = (table, key) => { table[key] = (table[key] ?? 0) + 1 }
    const seen = new Set()
    for (const name of fs.readdirSync(folder).sort()) {
      s.objects++
      for (const line of zlib.gunzipSync(fs.readFileSync(path.join(folder, name))).toString().split('\n')) {
        if (line === '') continue
        s.lines++
        let event
        try { event = JSON.parse(line) } catch { s.rejected++; add(s.types, '(not JSON)'); continue }
        add(s.types, event.type)
        if (event.type === 'track') add(s.events, event.event ?? '(none)')
        add(s.libraries, event.context?.library ? `${event.context.library.name} ${event.context.library.version}` : '(none)')
        if ((!event.userId && !event.anonymousId) || (event.type === 'track' && !event.event)) s.rejected++
        else if (internal(event)) s.filtered++
        else if (seen.has(event.messageId)) s.duplicate++
        else { seen.add(event.messageId); s.loaded++ }
      }
    }
    out[source] = s
  }
  return out
}
