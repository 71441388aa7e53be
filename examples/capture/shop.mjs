// The web shop and the app: @segment/analytics-next in a jsdom window per visitor. The app is a web view, so it runs
// the same SDK, with the batching strategy, screen calls and a context that names the app, the device and the system.
import { JSDOM } from 'jsdom'
import { clock } from './clock.mjs'
import { APP, SHOP } from './catalogue.mjs'

const GLOBALS = ['window', 'document', 'navigator', 'location', 'localStorage', 'self']

export async function runShop(story, { host, link, writeKey, progress }) {
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  const standIn = new JSDOM('', { url: SHOP })
  for (const name of GLOBALS) define(name, name === 'self' ? standIn.window : standIn.window[name])
  const { AnalyticsBrowser } = await import('@segment/analytics-next')

  for (const [index, visitor] of story.visitors.entries()) {
    const dom = new JSDOM('<!doctype html><title></title>', { url: visitor.app ? `${APP}/index.html` : `${SHOP}/`, pretendToBeVisual: true })
    const { window } = dom
    for (const name of GLOBALS) define(name, name === 'self' ? window : window[name])
    const property = (object, name, value) => Object.defineProperty(object, name, { value, configurable: true })
    property(window.navigator, 'userAgent', visitor.device.agent)
    property(window.navigator, 'language', visitor.place.locale)
    if (visitor.device.data) property(window.navigator, 'userAgentData', visitor.device.data)
    process.env.TZ = visitor.place.timezone
    link.ip = visitor.ip

    for (const session of visitor.sessions) {
      if (session === visitor.sessions[0]) clock.restart(session[0].t - 900, visitor.skew)
      else clock.at(session[0].t - 900)
      property(window.document, 'referrer', session[0].referrer ?? '')
      if (session[0].go) dom.reconfigure({ url: SHOP + session[0].go })
      const delivery = visitor.app
        ? { deliveryStrategy: { strategy: 'batching', config: { size: visitor.offline ? 200 : 8, timeout: 3_600_000 } } }
        : {}
      const [analytics] = await AnalyticsBrowser.load(
        { writeKey, cdnURL: `http://${host}` },
        { integrations: { 'Segment.io': { apiHost: `${host}/v1`, protocol: 'http', ...delivery } } })

      for (const action of session) {
        clock.at(action.t)
        const options = { ...action.options }
        if (visitor.app) {
          options.context = {
            app: { name: 'Kestrel', version: '5.12.0', build: '512', namespace: 'example.kestrelcoffee.app' },
            device: visitor.device.device,
            os: visitor.device.os,
            network: { wifi: visitor.ip.endsWith('7'), cellular: !visitor.ip.endsWith('7') },
          }
        }
        if (action.go) {
          if (action !== session[0]) property(window.document, 'referrer', action.referrer)
          dom.reconfigure({ url: SHOP + action.go })
          window.document.title = action.title
          await analytics.page(...action.page, {}, options)
        } else if (action.screen) {
          window.document.title = action.title
          await analytics.screen(...action.screen, options)
        } else if (action.track) {
          const order = story.orders.find((o) => o.properties === action.track[1])
          if (order) order.anonymousId = analytics.user().anonymousId()
          await analytics.track(...action.track, options)
        } else if (action.identify) await analytics.identify(...action.identify, options)
        else if (action.alias) await analytics.alias(action.alias, options)
        else if (action.group) await analytics.group(...action.group, options)
        else if (action.close) {
          window.dispatchEvent(new window.Event('pagehide')) // the web view goes away: the SDK sends what it holds
          if (visitor.app) await link.idle()
        }
      }
    }
    window.close()
    if (index % 50 === 49) progress(`${index + 1} of ${story.visitors.length} visitors`)
  }
  for (const name of GLOBALS) delete globalThis[name]
  process.env.TZ = 'UTC'
}
