#include "gen/catalogue.h"

#include <array>
#include <iterator>

#include "gen/random.h"

namespace dray::gen {
namespace {

constexpr Category categories[category_count] = {
    {{"Outdoor Furniture", "outdoor-furniture"}, "Garden"},
    {{"Hand Tools", "hand-tools"}, "Workshop"},
    {{"Table Lamps", "table-lamps"}, "Lighting"},
    {{"Kitchen Knives", "kitchen-knives"}, "Kitchen"},
    {{"Cookware", "cookware"}, "Kitchen"},
    {{"Rain Jackets", "rain-jackets"}, "Clothing"},
    {{"Wool Blankets", "wool-blankets"}, "Home"},
    {{"Backpacks", "backpacks"}, "Travel"},
    {{"Notebooks & Paper", "notebooks-paper"}, "Office"},
    {{"Coffee & Tea", "coffee-tea"}, "Kitchen"},
    {{"Planters", "planters"}, "Garden"},
    {{"Ceramics", "ceramics"}, "Home"},
};

constexpr Word nouns[category_count][4] = {
    {{"Bench", "bench"},
     {"Folding Chair", "folding-chair"},
     {"Side Table", "side-table"},
     {"Hammock", "hammock"}},
    {{"Block Plane", "block-plane"},
     {"Claw Hammer", "claw-hammer"},
     {"Pull Saw", "pull-saw"},
     {"Chisel Set 1/4\\\"", "chisel-set"}},
    {{"Desk Lamp", "desk-lamp"},
     {"Bedside Lamp", "bedside-lamp"},
     {"Clamp Light", "clamp-light"},
     {"Paper Lantern", "paper-lantern"}},
    {{"Chef's Knife 8\\\"", "chefs-knife"},
     {"Paring Knife", "paring-knife"},
     {"Bread Knife", "bread-knife"},
     {"Santoku", "santoku"}},
    {{"Skillet 12\\\"", "skillet"},
     {"Saucepan", "saucepan"},
     {"Dutch Oven", "dutch-oven"},
     {"Crêpe Pan", "crepe-pan"}},
    {{"Rain Jacket", "rain-jacket"},
     {"Anorak", "anorak"},
     {"Storm Coat", "storm-coat"},
     {"Poncho", "poncho"}},
    {{"Throw", "throw"}, {"Blanket", "blanket"}, {"Travel Rug", "travel-rug"}, {"Shawl", "shawl"}},
    {{"Backpack 22L", "backpack-22l"},
     {"Rucksack", "rucksack"},
     {"Day Pack", "day-pack"},
     {"Duffel", "duffel"}},
    {{"Notebook A5", "notebook-a5"},
     {"Sketchbook", "sketchbook"},
     {"Letter Set", "letter-set"},
     {"Desk Pad", "desk-pad"}},
    {{"Espresso Beans", "espresso-beans"},
     {"Pour-Over Kit", "pour-over-kit"},
     {"Sencha", "sencha"},
     {"Hand Grinder", "hand-grinder"}},
    {{"Planter", "planter"},
     {"Window Box", "window-box"},
     {"Hanging Pot", "hanging-pot"},
     {"Herb Trough", "herb-trough"}},
    {{"Mug", "mug"},
     {"Serving Bowl", "serving-bowl"},
     {"Vase", "vase"},
     {"Dinner Plate", "dinner-plate"}},
};

constexpr std::string_view sku_prefixes[category_count] = {
    "OFU", "HTL", "TLP", "KNF", "CKW", "RNJ", "WBL", "BPK", "NTB", "CFT", "PLT", "CRM"};

constexpr std::string_view variants[category_count] = {
    "teak / natural", "beech", "brass",  "walnut handle", "cast iron",  "M / forest",
    "oatmeal",        "slate", "dotted", "250 g",         "terracotta", "speckled white"};

constexpr Word brands[] = {
    {"Harbor & Pine", "harbor-pine"},   {"Nordlys", "nordlys"}, {"Atelier Brû", "atelier-bru"},
    {"Oakridge", "oakridge"},           {"Kumo", "kumo"},       {"Fjällverk", "fjallverk"},
    {"Stone & Thread", "stone-thread"}, {"Marlow", "marlow"},   {"Casa Lumen", "casa-lumen"},
    {"Tinker's Yard", "tinkers-yard"}};

constexpr Word adjectives[] = {{"Classic", "classic"},
                               {"Weathered", "weathered"},
                               {"Compact", "compact"},
                               {"Everyday", "everyday"},
                               {"Hand-Finished", "hand-finished"},
                               {"Heritage", "heritage"},
                               {"Lightweight", "lightweight"},
                               {"Coastal", "coastal"},
                               {"Studio", "studio"},
                               {"Folding", "folding"},
                               {"Winter", "winter"},
                               {"Small", "small"},
                               {"Large", "large"},
                               {"Minimal", "minimal"},
                               {"Garden", "garden"},
                               {"Original", "original"},
                               {"Double", "double"},
                               {"Travel", "travel"},
                               {"Raw", "raw"},
                               {"Premium", "premium"}};

constexpr std::uint64_t cents_endings[] = {99, 95, 50, 49, 90};

constexpr Article articles[] = {
    {"how-to-oil-teak", "How to oil teak without regrets", "Journal"},
    {"sharpening-at-home", "Sharpening at home: a short guide", "Journal"},
    {"winter-balcony", "Five plants for a winter balcony", "Journal"},
    {"meet-the-maker-kumo", "Meet the maker: Kumo", "Journal"},
    {"coffee-water", "What your water does to your coffee", "Journal"},
    {"shipping", "Shipping & delivery", "Help"},
    {"returns", "Returns and exchanges", "Help"},
    {"size-guide", "Size guide", "Help"},
    {"gift-cards", "Gift cards", "Help"},
    {"about", "Our story", "About"},
};

constexpr Campaign campaigns[] = {
    {"google", "cpc", "brand_eu_2026q4", "rsa-headline-3", "https://www.google.com/"},
    {"google", "cpc", "shopping_kitchen", "pla", "https://www.google.com/"},
    {"newsletter", "email", "2026-11-autumn-sale", "hero-button", ""},
    {"newsletter", "email", "back-in-stock", "", ""},
    {"instagram", "paid_social", "reels_lighting_prospecting", "video-15s-b",
     "https://l.instagram.com/"},
    {"facebook", "paid_social", "retargeting_cart_7d", "carousel", "https://m.facebook.com/"},
    {"pinterest", "social", "pins_organic", "", "https://www.pinterest.com/"},
    {"awin", "affiliate", "voucher_partners", "publisher-45211", "https://www.awin1.com/"},
};

constexpr std::string_view referrers[] = {"https://www.google.com/",
                                          "https://www.google.com/",
                                          "",
                                          "https://www.google.de/",
                                          "https://duckduckgo.com/",
                                          "",
                                          "https://www.bing.com/",
                                          "https://t.co/",
                                          "",
                                          "https://www.nytimes.com/wirecutter/"};

constexpr Word queries[] = {{"lamp", "lamp"},
                            {"chef knife", "chef+knife"},
                            {"wool blanket", "wool+blanket"},
                            {"teak bench", "teak+bench"},
                            {"gift", "gift"},
                            {"rain jacket", "rain+jacket"},
                            {"espresso beans", "espresso+beans"},
                            {"planter 60cm", "planter+60cm"},
                            {"mug", "mug"},
                            {"notebook", "notebook"},
                            {"saw", "saw"},
                            {"crêpe pan", "cr%C3%AApe+pan"},
                            {"under \\\"50\\\"", "under+%2250%22"},
                            {"backpack", "backpack"},
                            {"vase", "vase"},
                            {"gift 🎁", "gift+%F0%9F%8E%81"}};

constexpr std::string_view coupons[] = {"WELCOME10", "AUTUMN15", "FREESHIP", "VIP20"};

constexpr Town towns[] = {
    {"New York", "US", "10013", "America/New_York", "en-US", "USD", 68},
    {"Austin", "US", "78704", "America/Chicago", "en-US", "USD", 70},
    {"Portland", "US", "97209", "America/Los_Angeles", "en-US", "USD", 73},
    {"Chicago", "US", "60614", "America/Chicago", "en-US", "USD", 98},
    {"London", "GB", "E8 3RP", "Europe/London", "en-GB", "GBP", 82},
    {"Manchester", "GB", "M4 1HQ", "Europe/London", "en-GB", "GBP", 86},
    {"Berlin", "DE", "10997", "Europe/Berlin", "de-DE", "EUR", 91},
    {"München", "DE", "80469", "Europe/Berlin", "de-DE", "EUR", 93},
    {"Paris", "FR", "75011", "Europe/Paris", "fr-FR", "EUR", 90},
    {"Lyon", "FR", "69001", "Europe/Paris", "fr-FR", "EUR", 109},
    {"Toronto", "CA", "M5V 2T6", "America/Toronto", "en-CA", "CAD", 99},
    {"Sydney", "AU", "2010", "Australia/Sydney", "en-AU", "AUD", 101},
    {"São Paulo", "BR", "01310-100", "America/Sao_Paulo", "pt-BR", "BRL", 177},
    {"東京", "JP", "150-0001", "Asia/Tokyo", "ja-JP", "JPY", 126},
    {"Stockholm", "SE", "118 20", "Europe/Stockholm", "sv-SE", "SEK", 83},
    {"Madrid", "ES", "28004", "Europe/Madrid", "es-ES", "EUR", 88},
};

constexpr Word first_names[] = {
    {"Emma", "emma"},
    {"Liam", "liam"},
    {"Olivia", "olivia"},
    {"Noah", "noah"},
    {"Zoë", "zoe"},
    {"José", "jose"},
    {"Mia", "mia"},
    {"Lucas", "lucas"},
    {"Hannah", "hannah"},
    {"Jürgen", "juergen"},
    {"Chloé", "chloe"},
    {"Mateo", "mateo"},
    {"Yuki", "yuki"},
    {"Aisha", "aisha"},
    {"Ben", "ben"},
    {"Grace", "grace"},
    {"Oskar", "oskar"},
    {"Ines", "ines"},
    {"Tom", "tom"},
    {"Priya", "priya"},
    {"Sofia", "sofia"},
    {"Daniel", "daniel"},
    {"Amara", "amara"},
    {"Kenji", "kenji"},
    {"Julia", "julia"},
    {"Peter", "peter"},
    {"Nora", "nora"},
    {"Samuel", "samuel"},
    {"Beatriz", "beatriz"},
    {"Leo", "leo"},
    {"Charlotte", "charlotte"},
    {"Ivan", "ivan"},
};

constexpr Word last_names[] = {
    {"Smith", "smith"},
    {"Müller", "mueller"},
    {"García", "garcia"},
    {"Martin", "martin"},
    {"O'Brien", "obrien"},
    {"Tanaka", "tanaka"},
    {"Silva", "silva"},
    {"Johnson", "johnson"},
    {"Nguyen", "nguyen"},
    {"Andersson", "andersson"},
    {"Dubois", "dubois"},
    {"Patel", "patel"},
    {"Brown", "brown"},
    {"Schäfer", "schaefer"},
    {"Rossi", "rossi"},
    {"Wilson", "wilson"},
    {"Kowalski", "kowalski"},
    {"Lee", "lee"},
    {"Fernández", "fernandez"},
    {"Taylor", "taylor"},
    {"Lindqvist", "lindqvist"},
    {"Moreau", "moreau"},
    {"Sato", "sato"},
    {"Clark", "clark"},
    {"van den Berg", "vandenberg"},
    {"Okafor", "okafor"},
    {"Weber", "weber"},
    {"Walker", "walker"},
    {"Santos", "santos"},
    {"Young", "young"},
    {"Hoffmann", "hoffmann"},
    {"Ahmed", "ahmed"},
};

constexpr std::string_view mail_hosts[] = {"gmail.com",  "gmail.com", "gmail.com", "outlook.com",
                                           "icloud.com", "gmx.de",    "yahoo.com", "proton.me"};

constexpr Word company_words[] = {{"Bluefin", "bluefin"},     {"Acorn", "acorn"},
                                  {"Northgate", "northgate"}, {"Vela", "vela"},
                                  {"Copper", "copper"},       {"Lumen", "lumen"},
                                  {"Harvest", "harvest"},     {"Quarry", "quarry"},
                                  {"Sable", "sable"},         {"Meridian", "meridian"}};
constexpr std::string_view company_forms[] = {"Studios", "GmbH",   "Ltd",       "Interiors",
                                              "& Co",    "Hotels", "Architects"};
constexpr std::string_view industries[] = {"Hospitality", "Interior Design", "Retail",
                                           "Architecture", "Education"};

constexpr std::string_view chrome_hints_mac =
    R"({"brands":[{"brand":"Chromium","version":"142"},{"brand":"Google Chrome","version":"142"},{"brand":"Not_A Brand","version":"99"}],"mobile":false,"platform":"macOS"})";
constexpr std::string_view chrome_hints_windows =
    R"({"brands":[{"brand":"Chromium","version":"142"},{"brand":"Google Chrome","version":"142"},{"brand":"Not_A Brand","version":"99"}],"mobile":false,"platform":"Windows"})";
constexpr std::string_view edge_hints =
    R"({"brands":[{"brand":"Chromium","version":"141"},{"brand":"Microsoft Edge","version":"141"},{"brand":"Not?A_Brand","version":"8"}],"mobile":false,"platform":"Windows"})";
constexpr std::string_view chrome_hints_android =
    R"({"brands":[{"brand":"Chromium","version":"142"},{"brand":"Google Chrome","version":"142"},{"brand":"Not_A Brand","version":"99"}],"mobile":true,"platform":"Android"})";

constexpr Browser browsers[] = {
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
     "Safari/537.36",
     chrome_hints_mac},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
     chrome_hints_windows},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
     chrome_hints_windows},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
     "Mobile/15E148 Safari/604.1",
     ""},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
     "Mobile/15E148 Safari/604.1",
     ""},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
     chrome_hints_android},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
     chrome_hints_android},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
     "Safari/605.1.15",
     ""},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", ""},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
     "Safari/537.36 Edg/141.0.0.0",
     edge_hints},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
     "Instagram 404.0.0.34.68 (iPhone15,3; iOS 18_6; en_US; en; scale=3.00; 1290x2796; 799021435; IABMV/1)",
     ""},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", ""},
};

constexpr Phone iphones[] = {
    {"Apple", "iPhone17,1", "iPhone", "26.1", 402, 874, "3", ""},
    {"Apple", "iPhone16,2", "iPhone", "26.0.1", 430, 932, "3", ""},
    {"Apple", "iPhone15,3", "iPhone", "18.6.2", 430, 932, "3", ""},
    {"Apple", "iPhone14,5", "iPhone", "18.6.2", 390, 844, "3", ""},
    {"Apple", "iPhone12,1", "iPhone", "18.5", 414, 896, "2", ""},
};

constexpr Phone androids[] = {
    {"Google", "Pixel 9", "tokay", "16", 1080, 2424, "2.625", "BP3A.250905.014"},
    {"Google", "Pixel 7a", "lynx", "15", 1080, 2400, "2.625", "AP4A.250205.002"},
    {"samsung", "SM-S921B", "e1s", "15", 1080, 2340, "2.8125", "AP3A.240905.015.A2"},
    {"samsung", "SM-A546B", "a54x", "14", 1080, 2340, "2.8125", "UP1A.231005.007"},
    {"Xiaomi", "23090RA98G", "garnet", "14", 1220, 2712, "2.75", "UKQ1.230917.001"},
    {"OnePlus", "CPH2581", "OP5929L1", "15", 1440, 3168, "3.5", "AP3A.240617.008"},
};

constexpr std::string_view carriers[] = {"T-Mobile", "Verizon", "Vodafone", "O2", "Orange", "AT&T"};
constexpr std::string_view plans[] = {"free", "free", "free", "plus", "plus", "trade"};

// The same key picks from several lists; each list mixes it anew.
template <class T, std::size_t size>
constexpr const T& pick(const T (&list)[size], std::uint64_t key, std::uint64_t salt) {
  return list[Random{key_of(key, salt)}.below(static_cast<std::uint32_t>(size))];
}

}  // namespace

const Category& category(std::uint32_t number) { return categories[number % category_count]; }

Product product(std::uint32_t number) {
  Random random{key_of(0, Stream::product, number)};
  const std::uint32_t of = number % category_count;
  const auto size = [](const auto& list) { return static_cast<std::uint32_t>(std::size(list)); };
  Product made{};
  made.number = number;
  made.category = of;
  made.brand = brands[random.below(size(brands))];
  made.adjective = adjectives[random.below(size(adjectives))];
  made.noun = nouns[of][random.below(4)];
  made.variant = variants[of];
  made.sku_prefix = sku_prefixes[of];
  const std::uint64_t whole = 6 + random.skewed(240);
  made.price = {whole * 100 + cents_endings[random.below(size(cents_endings))]};
  return made;
}

Product product_of(std::uint32_t category, std::uint64_t key) {
  const std::uint32_t rank = Random{key}.skewed(product_count / category_count);
  return product(rank * category_count + category % category_count);
}

const Article& article(std::uint64_t key) { return pick(articles, key, 1); }
const Campaign& campaign(std::uint64_t key) { return pick(campaigns, key, 2); }
std::string_view search_referrer(std::uint64_t key) { return pick(referrers, key, 3); }
Word search_query(std::uint64_t key) { return pick(queries, key, 4); }
std::string_view coupon(std::uint64_t key) { return pick(coupons, key, 5); }

Person person(std::uint64_t seed, std::uint64_t number, std::uint64_t companies,
              std::int64_t start_ms) {
  const std::uint64_t key = key_of(seed, Stream::user, number);
  Random random{key};
  Person made{};
  made.number = number;
  made.key = key;
  made.first_name = pick(first_names, key, 6);
  made.last_name = pick(last_names, key, 7);
  made.town = &pick(towns, key, 8);
  made.mail_host = pick(mail_hosts, key, 9);
  const std::int64_t days_ago = random.below(1'000);
  made.created_ms = start_ms - days_ago * day_ms - random.between(1, 86'400) * 1'000;
  made.company = random.next() % companies;
  return made;
}

void put_user_id(std::string& out, const Person& person) {
  put(out, "usr_", Hex{mix64(person.key), 12});
}

Company company(std::uint64_t seed, std::uint64_t number) {
  const std::uint64_t key = key_of(seed, Stream::company, number);
  return {number, pick(company_words, key, 10), pick(company_forms, key, 11),
          pick(industries, key, 12), 2 + Random{key}.skewed(400)};
}

const Browser& browser(std::uint64_t key) { return pick(browsers, key, 13); }
const Phone& iphone(std::uint64_t key) { return pick(iphones, key, 14); }
const Phone& android(std::uint64_t key) { return pick(androids, key, 15); }
std::string_view carrier(std::uint64_t key) { return pick(carriers, key, 16); }
std::string_view plan_name(std::uint64_t key) { return pick(plans, key, 17); }

}  // namespace dray::gen
