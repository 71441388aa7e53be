#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gen/catalogue.h"
#include "gen/plan.h"

namespace dray::gen {

constexpr std::string_view shop_host = "https://www.harborandpine.example";

// A page of the shop's site.
struct Page {
  enum class Kind : std::uint8_t {
    home,
    product,
    list,
    search,
    cart,
    checkout,
    sign_up,
    account,
    article
  };
  Kind kind;
  Product product;
  std::uint32_t category;
  std::uint64_t key;
};

// All that the writers of one line share.
struct Scene {
  const Event& event;
  Person person;
  std::uint64_t seed;
  Product product;  // The one that the event is about.
  std::uint32_t category;
  Page page;
  bool ios;
  bool python;  // Which of the two servers sent it.
  std::uint64_t device;
};

// `seed` is the content_key().
Scene scene_of(const Event& event, std::uint64_t seed, std::uint64_t companies,
               std::int64_t start_ms);

// A visit keeps to one category, with a look at a neighbour now and then.
std::uint32_t category_of(std::uint64_t visit, std::uint32_t step);
Product visit_product(std::uint64_t visit, std::uint32_t step);

// A third of the visits come from a campaign, which shows on the page where they land; null
// elsewhere.
const Campaign* campaign_of(const Event& event);

std::string_view page_name(const Page& page);
std::string_view page_category(const Page& page);
void put_path(std::string& out, const Page& page);
void put_title(std::string& out, const Page& page);
void put_search(std::string& out, const Scene& scene);
void put_referrer(std::string& out, const Scene& scene);
void put_slug(std::string& out, const Product& product);
void put_name(std::string& out, const Product& product);
void put_sku(std::string& out, const Product& product);
void put_email(std::string& out, const Person& person);

Uuid uuid_of(std::uint64_t key);

}  // namespace dray::gen
