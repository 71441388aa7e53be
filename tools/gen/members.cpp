#include "gen/members.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gen/random.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

using namespace std::string_view_literals;

// A whole amount would be written as an integer, and whether a column is one would depend on luck.
Money never_whole(std::uint64_t cents) { return {cents % 100 == 0 ? cents + 1 : cents}; }

// Writes the members of properties or traits, and is where a value becomes null or changes its
// type.
class Fields {
 public:
  struct Noise {
    Random random;
    std::uint32_t nulls_ppm;
    int conflict_at;  // Which member gets another type; -1 for none.
  };

  Fields(std::string& out, Noise noise) : out_(out), noise_(noise) { out_.push_back('{'); }

  template <class... Parts>
  void text(std::string_view key, const Parts&... parts) {
    if (!begin(key, "42"sv, "true"sv)) return;
    put(out_, '"', parts..., '"');
  }
  void number(std::string_view key, std::int64_t value) {
    if (begin(key, "\"n/a\""sv, "[1,2]"sv)) put(out_, value);
  }
  void money(std::string_view key, Money value) {
    if (begin(key, "\"EUR 12,50\""sv, "{\"amount\":12.5}"sv)) put(out_, value);
  }
  void flag(std::string_view key, bool value) {
    if (begin(key, "\"yes\""sv, "1"sv)) put(out_, value);
  }
  void time(std::string_view key, std::int64_t ms) {
    if (begin(key, "\"yesterday\""sv, "1795337492438"sv)) put(out_, '"', Instant{ms}, '"');
  }
  // An array or object, as it stands.
  template <class... Parts>
  void json(std::string_view key, const Parts&... parts) {
    if (begin(key, "\"none\""sv, "0"sv)) put(out_, parts...);
  }
  // Returns whether the caller is to write the value.
  bool begin(std::string_view key, std::string_view other_type, std::string_view another_type) {
    put(out_, written_ == 0 ? "\""sv : ",\""sv, key, "\":");
    const int at = written_++;
    if (at == noise_.conflict_at) {
      put(out_, noise_.random.percent(75) ? other_type : another_type);
      conflict_ = Conflict::written;
      return false;
    }
    if (noise_.nulls_ppm != 0 && noise_.random.chance(noise_.nulls_ppm)) {
      put(out_, "null");
      return false;
    }
    return true;
  }

  Conflict end() {
    out_.push_back('}');
    return conflict_;
  }

 private:
  std::string& out_;
  Noise noise_;
  int written_ = 0;
  Conflict conflict_ = Conflict::none;
};

// How many members the properties of a shop's event have at least; one among them is picked for a
// conflict.
constexpr std::array<std::uint32_t, shop_kind_count> shop_members_min = {12, 12, 11, 5, 5, 6, 9,
                                                                         3,  4,  4,  4, 9, 3, 4};

std::uint32_t members_min(const Event& event) {
  switch (event.type) {
    case Type::track:
      return event.kind < shop_kind_count ? shop_members_min[event.kind] : 4;
    case Type::page:
      return event.channel == Channel::browser ? 7 : 5;
    case Type::identify:
      return 9;
    case Type::screen:
    case Type::group:
      return 6;
    case Type::alias:
      break;
  }
  return 0;
}

void product_id_fields(Fields& fields, const Product& product) {
  fields.text("product_id", Hex{mix64(product.number), 12});
  fields.text("sku", product.sku_prefix, '-', Padded{product.number, 5});
}

void product_fields(Fields& fields, const Product& product) {
  product_id_fields(fields, product);
  fields.text("category", category(product.category).name.text);
  fields.text("name", product.adjective.text, ' ', product.noun.text);
  fields.text("brand", product.brand.text);
  fields.text("variant", product.variant);
  fields.money("price", product.price);
}

void product_links(Fields& fields, const Product& product) {
  fields.text("url", shop_host, "/products/", product.brand.slug, '-', product.adjective.slug, '-',
              product.noun.slug, '-', product.number);
  fields.text("image_url", "https://cdn.harborandpine.example/img/", product.sku_prefix, '-',
              Padded{product.number, 5}, "_800x800.jpg");
}

// What is in the cart of a visit; the same for each of its events.
struct Cart {
  std::array<Product, 4> products;
  std::array<std::uint32_t, 4> quantities;
  std::uint32_t size;
  Money subtotal;
};

Cart cart_of(std::uint64_t visit) {
  Random random{key_of(visit, Stream::kind, 200)};
  Cart cart{};
  cart.size = 1 + random.skewed(4);
  std::uint64_t cents = 0;
  for (std::uint32_t i = 0; i < cart.size; ++i) {
    cart.products[i] = visit_product(visit, i * 2);
    cart.quantities[i] = random.percent(80) ? 1 : 2;
    cents += cart.products[i].price.cents * cart.quantities[i];
  }
  cart.subtotal = never_whole(cents);
  return cart;
}

void put_products(std::string& out, const Cart& cart) {
  put(out, '[');
  for (std::uint32_t i = 0; i < cart.size; ++i) {
    const Product& product = cart.products[i];
    put(out, i == 0 ? ""sv : ","sv, "{\"product_id\":\"", Hex{mix64(product.number), 12},
        "\",\"sku\":\"");
    put_sku(out, product);
    put(out, "\",\"name\":\"");
    put_name(out, product);
    put(out, "\",\"category\":\"", category(product.category).name.text,
        "\",\"price\":", product.price, ",\"quantity\":", cart.quantities[i],
        ",\"position\":", i + 1, '}');
  }
  put(out, ']');
}

// A product of a list as the shop sends it there: short.
void put_short_products(std::string& out, std::uint64_t visit, std::uint32_t of_category,
                        std::uint32_t size) {
  put(out, '[');
  for (std::uint32_t i = 0; i < size; ++i) {
    const Product product = product_of(of_category, key_of(visit, Stream::product, 50 + i));
    put(out, i == 0 ? ""sv : ","sv, "{\"product_id\":\"", Hex{mix64(product.number), 12},
        "\",\"price\":", product.price, ",\"position\":", i + 1, '}');
  }
  put(out, ']');
}

void order_fields(std::string& out, Fields& fields, const Scene& scene, Random random) {
  const Cart cart = cart_of(scene.event.visit);
  constexpr std::array<std::uint64_t, 3> shipping_cents = {495, 750, 1295};
  const std::uint64_t shipping = shipping_cents[random.below(3)];
  const Money tax = never_whole(cart.subtotal.cents * 19 / 100);
  std::uint64_t discount = 0;
  const bool has_coupon = random.percent(22);
  if (has_coupon) discount = never_whole(cart.subtotal.cents / 10).cents;
  fields.text("order_id", "HP-",
              Padded{key_of(scene.event.visit, scene.event.step) % 1'000'000'000'000, 12});
  fields.text("checkout_id", Hex{key_of(scene.event.visit, 7), 16});
  fields.text("affiliation", scene.event.channel == Channel::mobile ? "App"sv : "Web shop"sv);
  fields.money("total", never_whole(cart.subtotal.cents + shipping + tax.cents - discount));
  fields.money("subtotal", cart.subtotal);
  fields.money("revenue", cart.subtotal);
  fields.money("shipping", {shipping});
  fields.money("tax", tax);
  if (has_coupon) {
    fields.money("discount", {discount});
    fields.text("coupon", coupon(scene.event.visit));
  }
  fields.text("currency", scene.person.town->currency);
  fields.flag("first_purchase", random.percent(30));
  if (fields.begin("products", "\"none\"", "0")) put_products(out, cart);
}

void shop_fields(std::string& out, Fields& fields, const Scene& scene, Random random) {
  const Event& event = scene.event;
  const std::string_view currency = scene.person.town->currency;
  constexpr std::array payment_methods = {"credit_card"sv, "paypal"sv, "apple_pay"sv, "klarna"sv,
                                          "invoice"sv};
  const auto cart_id = Hex{key_of(event.visit, 8), 16};
  switch (event.kind) {
    case product_viewed:
      product_fields(fields, scene.product);
      fields.text("currency", currency);
      fields.number("position", 1 + random.skewed(24));
      fields.flag("in_stock", random.percent(93));
      return product_links(fields, scene.product);
    case product_clicked:
      product_fields(fields, scene.product);
      fields.text("list_id", "collection_", category(scene.category).name.slug);
      return fields.number("position", 1 + random.skewed(24));
    case product_added:
      fields.text("cart_id", cart_id);
      product_fields(fields, scene.product);
      fields.number("quantity", random.percent(85) ? 1 : 2);
      fields.text("currency", currency);
      return product_links(fields, scene.product);
    case product_removed:
      fields.text("cart_id", cart_id);
      product_fields(fields, scene.product);
      return fields.number("quantity", 1);
    case product_list_viewed:
      fields.text("list_id", "collection_", category(scene.category).name.slug);
      fields.text("category", category(scene.category).name.text);
      fields.text("sort_by", random.percent(70) ? "featured"sv : "price_asc"sv);
      fields.number("results", 20 + static_cast<std::int64_t>(scene.category) * 7);
      if (fields.begin("filters", "\"none\"", "0")) {
        put(out, random.percent(75)
                     ? "[]"sv
                     : R"([{"type":"brand","value":"Kumo"},{"type":"stock","value":"yes"}])"sv);
      }
      if (fields.begin("products", "\"none\"", "0")) {
        put_short_products(out, event.visit, scene.category, 3 + random.below(4));
      }
      return;
    case products_searched:
      fields.text("query", search_query(scene.page.key).text);
      fields.number("results", random.skewed(120));
      return fields.number("took_ms", 12 + random.skewed(400));
    case cart_viewed:
      fields.text("cart_id", cart_id);
      fields.text("currency", currency);
      fields.money("value", cart_of(event.visit).subtotal);
      if (fields.begin("products", "\"none\"", "0")) put_products(out, cart_of(event.visit));
      return;
    case checkout_started:
      fields.text("checkout_id", Hex{key_of(event.visit, 7), 16});
      fields.text("currency", currency);
      fields.money("value", cart_of(event.visit).subtotal);
      fields.flag("guest", !event.identified);
      if (fields.begin("products", "\"none\"", "0")) put_products(out, cart_of(event.visit));
      return;
    case checkout_step_completed:
      fields.text("checkout_id", Hex{key_of(event.visit, 7), 16});
      fields.number("step", 1 + random.below(3));
      fields.text("shipping_method", random.percent(70) ? "standard"sv : "express"sv);
      return fields.text("payment_method", payment_methods[random.skewed(5)]);
    case payment_info_entered:
      fields.text("checkout_id", Hex{key_of(event.visit, 7), 16});
      fields.text("payment_method", payment_methods[random.skewed(5)]);
      fields.flag("saved_card", random.percent(40));
      return fields.text("currency", currency);
    case order_completed:
      return order_fields(out, fields, scene, random);
    case signed_up:
      fields.text("method", random.percent(60)   ? "email"sv
                            : random.percent(60) ? "google"sv
                                                 : "apple"sv);
      fields.text("plan", plan_name(scene.person.key));
      fields.flag("newsletter", random.percent(35));
      fields.number("form_seconds", 8 + random.skewed(240));
      return fields.time("terms_accepted_at", event.original_ms - random.between(500, 20'000));
    case coupon_applied:
      fields.text("cart_id", cart_id);
      fields.text("coupon", coupon(event.visit));
      return fields.money("discount", never_whole(cart_of(event.visit).subtotal.cents / 10));
    default:
      fields.text("experiment_id", "exp_", Padded{1 + random.below(6), 3});
      fields.text("experiment_name", "Sticky cart button");
      fields.text("variation", random.percent(50) ? "control"sv : "treatment"sv);
      return fields.flag("first_exposure", random.percent(60));
  }
}

enum class Scalar : std::uint8_t { word, count, amount, flag, time, id, large, phrase };

void scalar_field(Fields& fields, std::string_view key, Scalar scalar, const Event& event,
                  Random& random) {
  constexpr std::array words = {"small"sv, "medium"sv,  "large"sv, "email"sv,
                                "push"sv,  "control"sv, "beta"sv,  "none"sv};
  switch (scalar) {
    case Scalar::word:
      return fields.text(key, words[random.skewed(8)]);
    case Scalar::count:
      return fields.number(key, random.skewed(500));
    case Scalar::amount:
      return fields.money(key, never_whole(random.skewed(90'000) + std::uint64_t{1}));
    case Scalar::flag:
      return fields.flag(key, random.percent(40));
    case Scalar::time:
      return fields.time(key, event.original_ms - std::int64_t{random.skewed(86'400)} * 1'000);
    case Scalar::id:
      return fields.text(key, Hex{random.next(), 12});
    case Scalar::large:
      return fields.number(key, std::int64_t{5'000'000'000} + random.below(2'000'000'000));
    case Scalar::phrase: {
      const auto what = words[random.below(8)];
      const auto group = words[random.below(8)];
      return fields.text(key, what, " set for the ", group, " group, step ", random.below(9));
    }
  }
}

// The type belongs to the name: property 12 is the same whichever event has it.
void wide_fields(Fields& fields, std::uint32_t width, const Event& event, Random random) {
  constexpr std::array names = {"segment"sv,    "views"sv, "amount"sv, "enabled"sv,
                                "changed_at"sv, "ref"sv,   "bytes"sv,  "note"sv};
  std::string key;
  for (std::uint32_t i = 0; i < width; ++i) {
    key.clear();
    put(key, names[i % names.size()], '_', Padded{i + 1, 4});
    scalar_field(fields, key, static_cast<Scalar>(i % names.size()), event, random);
  }
}

void feature_fields(Fields& fields, std::uint32_t kind, const Event& event, Random random) {
  struct Column {
    std::string_view name;
    Scalar scalar;
  };
  constexpr std::array<Column, 16> columns = {{{"panel", Scalar::word},
                                               {"clicks", Scalar::count},
                                               {"score", Scalar::amount},
                                               {"from_menu", Scalar::flag},
                                               {"opened_at", Scalar::time},
                                               {"document_id", Scalar::id},
                                               {"size_bytes", Scalar::large},
                                               {"comment", Scalar::phrase},
                                               {"mode", Scalar::word},
                                               {"items", Scalar::count},
                                               {"load_seconds", Scalar::amount},
                                               {"shared", Scalar::flag},
                                               {"last_used_at", Scalar::time},
                                               {"template_id", Scalar::id},
                                               {"quota_bytes", Scalar::large},
                                               {"label", Scalar::phrase}}};
  fields.text("feature_id", "feature_", Padded{kind + 1, 4});
  fields.text("source", random.percent(60) ? "toolbar"sv : "shortcut"sv);
  fields.number("duration_ms", 20 + random.skewed(30'000));
  fields.flag("success", random.percent(95));
  // Each kind has columns of its own beside these.
  const std::uint64_t chosen = key_of(0, Stream::kind, kind) | (1U << (kind % columns.size()));
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    if (((chosen & (chosen >> 16)) >> i & 1U) != 0 || i == kind % columns.size()) {
      scalar_field(fields, columns[i].name, columns[i].scalar, event, random);
    }
  }
}

void page_fields(std::string& out, Fields& fields, const Scene& scene) {
  if (scene.event.channel == Channel::browser) {
    fields.text("category", page_category(scene.page));
    fields.text("name", page_name(scene.page));
  }
  const auto part = [&](std::string_view key, auto&& write) {
    if (!fields.begin(key, "42", "true")) return;
    put(out, '"');
    write();
    put(out, '"');
  };
  part("path", [&] { put_path(out, scene.page); });
  part("referrer", [&] { put_referrer(out, scene); });
  part("search", [&] { put_search(out, scene); });
  part("title", [&] { put_title(out, scene.page); });
  part("url", [&] {
    put(out, shop_host);
    put_path(out, scene.page);
    put_search(out, scene);
  });
}

void screen_fields(Fields& fields, const Scene& scene, Random random) {
  fields.text("tab", random.percent(60) ? "shop"sv : "profile"sv);
  fields.text("previous_screen", scene.event.step == 0 ? "Splash"sv : "Collection"sv);
  fields.number("load_ms", 40 + random.skewed(1'200));
  fields.number("items_visible", random.below(12));
  fields.flag("dark_mode", (scene.person.key & 1U) != 0);
  fields.text("session_id", Hex{key_of(scene.event.visit, 9), 16});
}

void user_fields(Fields& fields, const Scene& scene, Random random, std::int64_t start_ms) {
  const Person& person = scene.person;
  // What changes with time rises, so that it shows which of two identifies is the newer.
  const std::int64_t days_since = (scene.event.original_ms - start_ms) / day_ms;
  fields.text("email", person.first_name.slug, '.', person.last_name.slug, person.number % 1'000,
              '@', person.mail_host);
  fields.text("firstName", person.first_name.text);
  fields.text("lastName", person.last_name.text);
  fields.text("plan",
              plan_name(key_of(person.key, static_cast<std::uint64_t>(
                                               std::max<std::int64_t>(days_since, 0) / 5))));
  fields.time("createdAt", person.created_ms / 1'000 * 1'000);
  fields.number("loginCount", std::max<std::int64_t>(
                                  (scene.event.original_ms - person.created_ms) / day_ms / 2, 0));
  fields.time("lastSeenAt", scene.event.original_ms);
  fields.flag("marketingOptIn", random.percent(55));
  fields.json("address", "{\"city\":\"", person.town->city, "\",\"country\":\"",
              person.town->country, "\",\"postalCode\":\"", person.town->postal_code, "\"}");
  if (person.key % 4 == 0) {
    const Company at = company(scene.seed, person.company);
    fields.json("company", "{\"id\":\"org_", Hex{mix64(at.number), 10}, "\",\"name\":\"",
                at.first.text, ' ', at.second, "\",\"employees\":", at.employees, '}');
  }
  if (random.percent(20)) fields.text("phone", "+1 555 01", Padded{person.number % 100, 2});
  if (random.percent(15)) fields.json("interests", R"(["garden","lighting","coffee"])");
}

void company_fields(Fields& fields, const Scene& scene) {
  const Company at = company(scene.seed, scene.person.company);
  fields.text("name", at.first.text, ' ', at.second);
  fields.text("industry", at.industry);
  fields.number("employees", at.employees);
  fields.text("plan", at.employees > 100 ? "trade"sv : "plus"sv);
  fields.text("website", "https://www.", at.first.slug, '-', at.number, ".example");
  fields.flag("invoicing", at.employees > 20);
}

std::uint32_t members_min_of(const Event& event, const MemberOptions& options) {
  const bool wide = event.type == Type::track && options.width.has_value();
  return wide ? *options.width : members_min(event);
}

}  // namespace

Conflict append_members(std::string& out, const Scene& scene, const MemberOptions& options) {
  const Event& event = scene.event;
  if (event.type == Type::alias) return Conflict::none;
  Random noise{key_of(options.key, Stream::noise, event.index)};
  const std::uint32_t size = members_min_of(event, options);
  const int conflict_at = event.conflict && size != 0 ? static_cast<int>(noise.below(size)) : -1;

  Fields fields{out, {noise, options.nulls_ppm, conflict_at}};
  const Random random{key_of(options.key, Stream::properties, event.index)};
  switch (event.type) {
    case Type::track:
      if (options.width) {
        wide_fields(fields, *options.width, event, random);
      } else if (event.kind >= shop_kind_count) {
        feature_fields(fields, event.kind, event, random);
      } else {
        shop_fields(out, fields, scene, random);
      }
      break;
    case Type::page:
      page_fields(out, fields, scene);
      break;
    case Type::screen:
      screen_fields(fields, scene, random);
      break;
    case Type::identify:
      user_fields(fields, scene, random, options.start_ms);
      break;
    case Type::group:
      company_fields(fields, scene);
      break;
    case Type::alias:
      break;
  }
  return fields.end();
}

}  // namespace dray::gen
