// Drives the day and writes the logs: node main.mjs [output directory]
import { clock, install, uninstall } from './clock.mjs'
import { random } from './random.mjs'
import { startCapture } from './capture.mjs'
import { tell } from './story.mjs'

const output = process.argv[2] ?? new URL('../shop-logs', import.meta.url).pathname
const SHOP = { id: 'kWebShop01', channel: 'client' }
const BACKEND = { id: 'kBackend02', channel: 'server' }
const progress = (text) => console.error(text)

const rng = random(7)
const link = {
  ip: '',
  latency: () => rng.int(25, 240),
  loseReply: () => { const lose = link.loseNext; link.loseNext = false; return lose },
  loseNext: false,
  idle: async () => {},
}
const story = tell()
const capture = await startCapture({
  sources: { 'kestrel-web': SHOP, 'kestrel-server': BACKEND }, now: clock.now, link,
})
// Until no new call has come in for a moment.
link.idle = async () => {
  for (let seen = -1; seen !== capture.records.length;) {
    seen = capture.records.length
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

install()
const { runShop } = await import('./shop.mjs')
await runShop(story, { host: capture.host, link, writeKey: 'kestrel-web', progress })
const backend = await import('./backend.mjs')
const common = { host: capture.host, link, writeKey: 'kestrel-server', rng }
await backend.runOrderService(backend.planOrders(story, random(11)), { ...common, lose: [12, 40] })
await backend.runSubscriptionJob(story, { ...common, rng: random(13) })
await backend.runCrmExport(story, common)
await backend.runTill(story, { ...common, rng: random(17) })
uninstall()
await capture.stop()

const { writeLogs } = await import('./write.mjs')
console.log(JSON.stringify(writeLogs({ records: capture.records, story, output, sources: [SHOP, BACKEND] }), null, 2))
process.exit(0) // the SDKs may hold timers
