// The capture endpoint: the part of the Tracking API that the SDKs need, on loopback. It does to a call what the real
// service does before it writes a raw log: explodes batches into one line per call, merges the batch's `context` and
// `integrations` into each, and adds the server's own fields.
import http from 'node:http'
import zlib from 'node:zlib'

const TYPES = {
  i: 'identify', t: 'track', p: 'page', s: 'screen', g: 'group', a: 'alias',
  identify: 'identify', track: 'track', page: 'page', screen: 'screen', group: 'group', alias: 'alias',
}
const BATCHES = new Set(['batch', 'b', 'import'])
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'authorization, content-type, x-retry-count',
  'Access-Control-Max-Age': '86400',
  'Access-Control-Expose-Headers': 'Retry-After',
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

// The batch's keys are defaults: what an item says itself wins, key by key, at every depth.
function merge(defaults, own) {
  if (!isObject(defaults)) return own
  if (!isObject(own)) return own === undefined ? defaults : own
  const out = { ...defaults, ...own }
  for (const key of Object.keys(defaults)) if (key in own) out[key] = merge(defaults[key], own[key])
  return out
}

// timestamp = receivedAt - (sentAt - originalTimestamp): takes the error of the device's clock out.
export function computedTimestamp(receivedAt, sentAt, original) {
  const [received, sent, first] = [receivedAt, sentAt, original].map((text) => Date.parse(text))
  if (Number.isNaN(first)) return receivedAt
  if (Number.isNaN(sent)) return new Date(first).toISOString()
  return new Date(received - (sent - first)).toISOString()
}

function writeKeyOf(request, body) {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ')
  if (scheme === 'Basic' && value) return Buffer.from(value, 'base64').toString().split(':')[0]
  return body.writeKey ?? body.batch?.[0]?.writeKey
}

function read(request) {
  return new Promise((resolve, reject) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', reject)
    request.on('end', () => {
      const bytes = Buffer.concat(chunks)
      resolve(request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(bytes) : bytes)
    })
  })
}

// sources: write key -> { id, channel }. now: the endpoint's clock, in ms. link: what the network is doing just now:
// `latency` in ms, `ip` of the caller, `loseReply` to answer 503 to a request that was recorded (a lost reply).
export async function startCapture({ sources, now, link }) {
  const records = [] // { source, receivedAt (ms), event }

  function record(source, item, envelope, receivedAt) {
    const sentAt = item.sentAt ?? envelope.sentAt
    const event = { ...item }
    event.context = merge(envelope.context, item.context) ?? {}
    event.integrations = merge(envelope.integrations, item.integrations) ?? {}
    event.originalTimestamp = item.timestamp
    event.timestamp = computedTimestamp(receivedAt, sentAt, item.timestamp)
    event.sentAt = sentAt
    event.receivedAt = receivedAt
    if (source.channel === 'client') event.context.ip = link.ip
    event.channel = source.channel
    event.projectId = source.id
    event.version = 2
    for (const key of Object.keys(event)) if (event[key] === undefined) delete event[key]
    records.push({ source: source.id, receivedAt: Date.parse(receivedAt), event })
  }

  async function handle(request) {
    const path = new URL(request.url, 'http://capture').pathname.replace(/\/$/, '')
    if (request.method === 'OPTIONS') return [204, undefined]
    const settings = /^\/v1\/projects\/([^/]+)\/settings$/.exec(path)
    if (settings) {
      const apiHost = `${request.headers.host}/v1`
      return [200, {
        integrations: { 'Segment.io': { apiKey: settings[1], apiHost, protocol: 'http' } },
        metrics: { sampleRate: 0 },
        plan: { track: { __default: { enabled: true } } },
      }]
    }
    const call = /^\/v1\/([a-z]+)$/.exec(path)?.[1]
    if (request.method !== 'POST' || !call) return [404, { success: false, code: 'not_found', message: path }]
    if (call === 'm') return [200, { success: true }] // the browser SDK's own metrics
    let body
    try {
      body = JSON.parse(await read(request))
    } catch (error) {
      return [400, { success: false, code: 'invalid_json', message: error.message }]
    }
    const source = sources[writeKeyOf(request, body)]
    if (!source) return [200, { success: true }] // an unknown write key is dropped in silence, as the service does
    const receivedAt = new Date(now() + link.latency()).toISOString()
    if (BATCHES.has(call)) for (const item of body.batch) record(source, item, body, receivedAt)
    else if (TYPES[call]) record(source, { ...body, type: TYPES[call] }, {}, receivedAt)
    else return [404, { success: false, code: 'not_found', message: path }]
    return link.loseReply?.() ? [503, { success: false, code: 'unavailable', message: 'try again' }] : [200, { success: true }]
  }

  const server = http.createServer((request, response) => {
    handle(request).catch((error) => [500, { success: false, code: 'error', message: String(error) }])
      .then(([status, body]) => {
        response.writeHead(status, { ...CORS, 'Content-Type': 'application/json', Connection: 'close' })
        response.end(body === undefined ? '' : JSON.stringify(body))
      })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${server.address().port}`
  return { host, records, stop: () => new Promise((resolve) => server.close(resolve)) }
}
