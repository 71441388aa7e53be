#pragma once

#include <cstdint>
#include <string_view>

#include "gen/text.h"

namespace dray::gen {

// The shop and the people who visit it. Everything is a function of a number; nothing is stored but
// word lists. All text is safe inside JSON strings as it stands: quotes come already escaped.

struct Word {
  std::string_view text;
  std::string_view slug;  // Lower-case ASCII, for addresses.
};

struct Category {
  Word name;
  std::string_view department;
};

constexpr std::uint32_t category_count = 12;
constexpr std::uint32_t product_count = 2'400;
const Category& category(std::uint32_t number);

struct Product {
  std::uint32_t number;
  Word brand;
  Word adjective;
  Word noun;
  std::uint32_t category;
  std::string_view variant;
  std::string_view sku_prefix;
  Money price;
};
Product product(std::uint32_t number);
// A product of a category; popular ones come oftener.
Product product_of(std::uint32_t category, std::uint64_t key);

struct Article {
  std::string_view slug;
  std::string_view title;
  std::string_view section;
};
const Article& article(std::uint64_t key);

struct Campaign {
  std::string_view source;
  std::string_view medium;
  std::string_view name;
  std::string_view content;  // "" when there is none.
  std::string_view referrer;
};
const Campaign& campaign(std::uint64_t key);

std::string_view search_referrer(std::uint64_t key);  // "" for a visitor who typed the address.
Word search_query(std::uint64_t key);
std::string_view coupon(std::uint64_t key);

struct Town {
  std::string_view city;
  std::string_view country;
  std::string_view postal_code;
  std::string_view timezone;
  std::string_view locale;
  std::string_view currency;
  std::uint32_t network;  // First byte of the addresses used there.
};

struct Person {
  std::uint64_t number;
  std::uint64_t key;
  Word first_name;
  Word last_name;
  const Town* town;
  std::string_view mail_host;
  std::int64_t created_ms;
  std::uint64_t company;
};
Person person(std::uint64_t seed, std::uint64_t number, std::uint64_t companies,
              std::int64_t start_ms);
void put_user_id(std::string& out, const Person& person);

struct Company {
  std::uint64_t number;
  Word first;
  std::string_view second;
  std::string_view industry;
  std::uint32_t employees;
};
Company company(std::uint64_t seed, std::uint64_t number);

struct Browser {
  std::string_view user_agent;
  std::string_view client_hints;  // The value of userAgentData, "" for browsers that do not tell.
};
const Browser& browser(std::uint64_t key);

struct Phone {
  std::string_view manufacturer;
  std::string_view model;
  std::string_view name;
  std::string_view os_version;
  std::uint32_t width;
  std::uint32_t height;
  std::string_view density;
  std::string_view build;  // In the userAgent of Android.
};
const Phone& iphone(std::uint64_t key);
const Phone& android(std::uint64_t key);
std::string_view carrier(std::uint64_t key);
std::string_view plan_name(std::uint64_t key);

}  // namespace dray::gen
