#include "gen/scene.h"

#include <array>

#include "gen/random.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

using namespace std::string_view_literals;

Page::Kind page_kind(const Event& event, Random random) {
  if (event.type == Type::track) {
    switch (event.kind) {
      case product_viewed:
      case product_added:
        return Page::Kind::product;
      case product_list_viewed:
      case product_clicked:
        return Page::Kind::list;
      case products_searched:
        return Page::Kind::search;
      case product_removed:
      case cart_viewed:
      case coupon_applied:
        return Page::Kind::cart;
      case checkout_started:
      case checkout_step_completed:
      case payment_info_entered:
      case order_completed:
        return Page::Kind::checkout;
      case signed_up:
        return Page::Kind::sign_up;
      default:
        break;
    }
  }
  if (event.type == Type::identify || event.type == Type::alias || event.type == Type::group) {
    return random.percent(60) ? Page::Kind::account : Page::Kind::sign_up;
  }
  const std::uint32_t at = random.below(100);
  if (at < 18) return Page::Kind::home;
  if (at < 50) return Page::Kind::product;
  if (at < 78) return Page::Kind::list;
  if (at < 84) return Page::Kind::search;
  if (at < 90) return Page::Kind::cart;
  return Page::Kind::article;
}

}  // namespace

std::uint32_t category_of(std::uint64_t visit, std::uint32_t step) {
  const std::uint32_t focus = Random{key_of(visit, Stream::kind, 0)}.below(category_count);
  return Random{key_of(visit, Stream::kind, 1 + step / 2)}.percent(80)
             ? focus
             : (focus + 1) % category_count;
}

Product visit_product(std::uint64_t visit, std::uint32_t step) {
  return product_of(category_of(visit, step), key_of(visit, Stream::product, step / 2));
}

void put_slug(std::string& out, const Product& product) {
  put(out, product.brand.slug, '-', product.adjective.slug, '-', product.noun.slug, '-',
      product.number);
}

void put_name(std::string& out, const Product& product) {
  put(out, product.adjective.text, ' ', product.noun.text);
}

void put_sku(std::string& out, const Product& product) {
  put(out, product.sku_prefix, '-', Padded{product.number, 5});
}

void put_path(std::string& out, const Page& page) {
  switch (page.kind) {
    case Page::Kind::home:
      return put(out, '/');
    case Page::Kind::product:
      put(out, "/products/");
      return put_slug(out, page.product);
    case Page::Kind::list:
      return put(out, "/collections/", category(page.category).name.slug);
    case Page::Kind::search:
      return put(out, "/search");
    case Page::Kind::cart:
      return put(out, "/cart");
    case Page::Kind::checkout:
      return put(out, "/checkout");
    case Page::Kind::sign_up:
      return put(out, "/account/register");
    case Page::Kind::account:
      return put(out, "/account");
    case Page::Kind::article:
      return put(out, "/pages/", article(page.key).slug);
  }
}

void put_title(std::string& out, const Page& page) {
  switch (page.kind) {
    case Page::Kind::home:
      put(out, "Things that last");
      break;
    case Page::Kind::product:
      put_name(out, page.product);
      break;
    case Page::Kind::list:
      put(out, category(page.category).name.text);
      break;
    case Page::Kind::search:
      put(out, "Search");
      break;
    case Page::Kind::cart:
      put(out, "Your cart");
      break;
    case Page::Kind::checkout:
      put(out, "Checkout");
      break;
    case Page::Kind::sign_up:
      put(out, "Create account");
      break;
    case Page::Kind::account:
      put(out, "Your account");
      break;
    case Page::Kind::article:
      put(out, article(page.key).title);
      break;
  }
  put(out, " – Harbor & Pine");
}

std::string_view page_name(const Page& page) {
  constexpr std::array names = {"Home"sv,     "Product"sv,  "Collection"sv, "Search"sv, "Cart"sv,
                                "Checkout"sv, "Register"sv, "Account"sv,    "Article"sv};
  return names[static_cast<std::size_t>(page.kind)];
}

std::string_view page_category(const Page& page) {
  switch (page.kind) {
    case Page::Kind::product:
    case Page::Kind::list:
      return category(page.category).department;
    case Page::Kind::article:
      return article(page.key).section;
    default:
      return "Shop";
  }
}

const Campaign* campaign_of(const Event& event) {
  const std::uint64_t key = key_of(event.visit, Stream::kind, 100);
  return event.step == 0 && Random{key}.percent(34) ? &campaign(key) : nullptr;
}

void put_search(std::string& out, const Scene& scene) {
  const Campaign* from = campaign_of(scene.event);
  const bool searching = scene.page.kind == Page::Kind::search;
  if (searching) put(out, "?q=", search_query(scene.page.key).slug);
  if (from == nullptr) return;
  put(out, searching ? '&' : '?', "utm_source=", from->source, "&utm_medium=", from->medium,
      "&utm_campaign=", from->name);
  if (!from->content.empty()) put(out, "&utm_content=", from->content);
  if (from->medium == "cpc"sv)
    put(out, "&gclid=Cj0KCQiA", Hex{mix64(scene.event.visit), 16}, "EALw_wcB");
}

void put_referrer(std::string& out, const Scene& scene) {
  if (scene.event.step != 0) {
    put(out, shop_host);
    return put_path(out, {Page::Kind::list, {}, category_of(scene.event.visit, 0), 0});
  }
  const Campaign* from = campaign_of(scene.event);
  put(out, from != nullptr ? from->referrer : search_referrer(scene.event.visit));
}

void put_email(std::string& out, const Person& person) {
  put(out, person.first_name.slug, '.', person.last_name.slug, person.number % 1'000, '@',
      person.mail_host);
}

Uuid uuid_of(std::uint64_t key) { return {key_of(key, 1), key_of(key, 2)}; }

Scene scene_of(const Event& event, std::uint64_t seed, std::uint64_t companies,
               std::int64_t start_ms) {
  Scene scene{event,
              person(seed, event.user, companies, start_ms),
              seed,
              visit_product(event.visit, event.step),
              category_of(event.visit, event.step),
              {},
              false,
              false,
              0};
  // A backend tells of what the user does in the browser.
  const bool app = event.channel == Channel::mobile;
  scene.device = key_of(scene.person.key, Stream::device, app ? 1 : 0);
  scene.ios = app && Random{scene.device}.percent(55);
  scene.python = event.channel == Channel::server &&
                 Random{key_of(event.visit, Stream::kind, 400)}.percent(30);
  scene.page.key = key_of(event.visit, Stream::kind, 500 + event.step);
  scene.page.kind = page_kind(event, Random{scene.page.key});
  scene.page.product = scene.product;
  scene.page.category = scene.category;
  return scene;
}

}  // namespace dray::gen
