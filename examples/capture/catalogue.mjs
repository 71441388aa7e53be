// The shop: Kestrel Coffee, which does not exist. Every name, address and price is made up.
export const SHOP = 'https://www.kestrelcoffee.example'
export const APP = 'https://app.kestrelcoffee.example'

const product = (product_id, sku, name, category, price) => ({ product_id, sku, name, category, price })

export const PRODUCTS = [
  product('p101', 'GRD-HOVER-40', 'Hover 40 Hand Grinder', 'Grinders', 89),
  product('p102', 'GRD-TALON-64', 'Talon 64 Burr Grinder', 'Grinders', 329),
  product('p103', 'GRD-FLEDGE', 'Fledgling Travel Grinder', 'Grinders', 49.5),
  product('p111', 'KTL-NECK-09', 'Longneck Kettle 0.9 l', 'Kettles', 64),
  product('p112', 'KTL-NECK-E', 'Longneck Electric Kettle', 'Kettles', 129),
  product('p121', 'BRW-CONE-02', 'Ridge Cone Dripper, 2 cups', 'Brewers', 18.5),
  product('p122', 'BRW-PRESS-8', 'Roost French Press', 'Brewers', 34),
  product('p123', 'BRW-MOKA-3', 'Ember Moka Pot, 3 cups', 'Brewers', 29.95),
  product('p124', 'BRW-COLD-1', 'Stillwater Cold Brew Jar', 'Brewers', 26),
  product('p131', 'SCL-POCKET', 'Pocket Scale 0.1 g', 'Scales', 39),
  product('p132', 'SCL-TIMER', 'Tempo Scale & Timer', 'Scales', 58),
  product('p141', 'FLT-CONE-100', 'Cone Filters, pack of 100', 'Filters', 6.5),
  product('p142', 'FLT-STEEL', 'Everlast Steel Filter', 'Filters', 21),
  product('p151', 'BNS-DAWN-250', 'Dawn Chorus Espresso, 250 g', 'Beans', 9.75),
  product('p152', 'BNS-DAWN-1K', 'Dawn Chorus Espresso, 1 kg', 'Beans', 32),
  product('p153', 'BNS-UPDRAFT', 'Updraft Filter Roast, 250 g', 'Beans', 11.25),
  product('p154', 'BNS-NIGHTJAR', 'Nightjar Decaf, 250 g', 'Beans', 10.5),
  product('p155', 'BNS-GUJI', 'Guji “Uraga” Natural, 250 g', 'Beans', 14),
  product('p161', 'CUP-DOUBLE', 'Double-Wall Cup <set of 2>', 'Cups', 22),
  product('p162', 'CUP-TRAVEL', 'Windproof Travel Mug', 'Cups', 27.5),
]

// How often a product is looked at: beans and small things most.
export const WEIGHTS = PRODUCTS.map((p) => [p, { Beans: 10, Filters: 7, Brewers: 5, Cups: 4, Scales: 4, Kettles: 3, Grinders: 4 }[p.category]])

export const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')

export const SEARCHES = [['grinder', 3], ['hand grinder', 2], ['kettle', 2], ['filters', 2], ['decaf', 1], ['beans', '100+'],
  ['espresso', 14], ['gift', '100+'], ['scale', 2], ['cold brew', 1], ['descaler', 0], ['café crème', 0]]

// Where a visit comes from: weight, how willing to buy, the hours it runs, the landing page.
export const CHANNELS = [
  { weight: 18, will: 1.0, referrer: '', query: '' },
  { weight: 25, will: 0.9, referrer: 'https://www.google.com/', query: '' },
  { weight: 13, will: 1.1, referrer: 'https://www.google.com/', query: '?utm_source=google&utm_medium=cpc&utm_campaign=grinders&utm_term=burr+grinder&gclid=EAIaIQob', landing: 'Grinders' },
  { weight: 16, will: 1.7, hours: [7, 13], referrer: '', query: '?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-brew&utm_content=hero', landing: 'Beans' },
  { weight: 14, will: 0.25, referrer: 'https://l.instagram.com/', query: '?utm_source=instagram&utm_medium=paid_social&utm_campaign=latte-art', phone: true },
  // the same advert, with a link that somebody mistyped
  { weight: 2, will: 0.25, referrer: 'https://l.instagram.com/', query: '?utm_souce=instagram&utm_medium=paid_social&utm_campaign=latte-art', phone: true },
  { weight: 8, will: 2.3, hours: [18, 22], referrer: '', query: '?utm_source=newsletter&utm_medium=email&utm_campaign=sunday-flash', landing: 'Cups', coupon: 'FLASH15' },
  { weight: 5, will: 1.3, referrer: 'https://beanblog.example/', query: '?utm_source=beanblog&utm_medium=affiliate&utm_campaign=pour-over-guide', landing: 'Brewers' },
]

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const brands = [{ brand: 'Chromium', version: '141' }, { brand: 'Not?A_Brand', version: '8' }]
export const DESKTOPS = [
  { agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36', data: { brands, mobile: false, platform: 'Windows' } },
  { agent: `${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15` },
  { agent: `${MAC} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36`, data: { brands, mobile: false, platform: 'macOS' } },
  { agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0' },
]
export const PHONES = [
  { agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1' },
  { agent: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36', data: { brands, mobile: true, platform: 'Android' } },
]
export const HANDSETS = [
  { os: { name: 'iOS', version: '18.6' }, device: { manufacturer: 'Apple', model: 'iPhone15,4', name: 'iPhone', type: 'ios' }, agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148' },
  { os: { name: 'Android', version: '16' }, device: { manufacturer: 'Google', model: 'Pixel 9', name: 'tokay', type: 'android' }, agent: 'Mozilla/5.0 (Linux; Android 16; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36' },
  { os: { name: 'Android', version: '15' }, device: { manufacturer: 'Samsung', model: 'SM-S921B', name: 'e1s', type: 'android' }, agent: 'Mozilla/5.0 (Linux; Android 15; SM-S921B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36' },
]
export const PLACES = [
  { city: 'Bristol', postcode: 'BS1 4XX', country: 'GB', timezone: 'Europe/London', locale: 'en-GB', weight: 5 },
  { city: 'Leeds', postcode: 'LS1 5XX', country: 'GB', timezone: 'Europe/London', locale: 'en-GB', weight: 4 },
  { city: 'London', postcode: 'E8 1XX', country: 'GB', timezone: 'Europe/London', locale: 'en-GB', weight: 9 },
  { city: 'Cork', postcode: 'T12 XX00', country: 'IE', timezone: 'Europe/Dublin', locale: 'en-IE', weight: 2 },
  { city: 'Köln', postcode: '50667', country: 'DE', timezone: 'Europe/Berlin', locale: 'de-DE', weight: 2 },
  { city: 'Malmö', postcode: '211 20', country: 'SE', timezone: 'Europe/Stockholm', locale: 'sv-SE', weight: 1 },
]
export const FIRST = ['Amira', 'Ben', 'Chloe', 'Dafydd', 'Elif', 'Femi', 'Grace', 'Hana', 'Iona', 'Jonas', 'Kofi', 'Leonie', 'Łukasz', 'Maeve', 'Nadia', 'Oskar', 'Priya', 'Rory', 'Søren', 'Tilda', 'Uma', 'Viktor', 'Wren', 'Yusuf', 'Zoë']
export const LAST = ['Abara', 'Brook', 'Castell', "D'Arcy", 'Eriksen', 'Fenwick', 'Grünwald', 'Hale', 'Iqbal', 'Jelinek', 'Keane', 'Lindqvist', 'Marsh', 'Nowak', 'O’Dowd', 'Pryce', 'Quill', 'Rahman', 'Sorley', 'Tamm', 'Vance', 'Whitlow', 'Young', 'Zeller']
export const CAFES = [['Night Owl Espresso', 'Bristol', 9], ['The Long Pour', 'Leeds', 14], ['Crumb & Crema', 'London', 22], ['Tidewater Roasters', 'Cork', 31],
  ['Kaffee am Eck', 'Köln', 7], ['Platform Two Coffee', 'London', 5], ['Harbour Lane Bakery', 'Bristol', 18], ['Fika Fabriken', 'Malmö', 12],
  ['Quarry Street Canteen', 'Leeds', 40], ['Slow Lane Records & Coffee', 'London', 6], ['Gannet Hotel', 'Cork', 120], ['Studio Neun', 'Köln', 3]]
