// Whatever stands in the place of an address: it is taken or refused, and a password in it is in no
// message.
//
// Input: the user, a NUL, and what stands behind the '@'. Without a NUL all of it is tried as it
// is. An input with the password itself in it is left alone: only one that stands in its place is
// secret.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/address.h"
#include "aws/s3.h"
#include "base/result.h"
#include "cli/selection.h"
#include "load/redshift_options.h"
#include "sql/pq_address.h"
#include "sql/statement.h"

namespace {

constexpr std::string_view password = "S3CRETMARK";

void check(const std::string& text) { DRAY_ASSERT(text.find(password) == std::string::npos); }

void try_address(const std::string& address) {
  const auto known = dray::check_warehouse(address);
  if (!known) check(known.error().text());
  if (known && address.find("://") != std::string::npos) check(dray::shown_address(address));
  if (address.starts_with("postgres")) {
    const auto parsed = dray::parse_pq_url(address);
    if (parsed) {
      check(dray::pq_location("postgres", *parsed));
    } else {
      check(parsed.error().text());
    }
  }
  if (address.starts_with("redshift://")) {
    const auto options = dray::redshift_options(address);
    check(options ? options->location : options.error().text());
  }
  if (address.starts_with("s3://")) (void)dray::parse_s3_url(address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(password) != std::string_view::npos) return 0;
  using enum dray::SqlDialect;
  for (const auto dialect : {duckdb, postgres, redshift}) {
    const auto statement = dray::read_statement(text, dialect);
    if (statement) {
      DRAY_ASSERT(text.substr(statement->begin).starts_with(statement->body));
      DRAY_ASSERT(dray::read_statement(statement->body, dialect).ok());
    }
  }
  (void)dray::pointed_at(text, size / 2);

  constexpr std::array schemes = {"",     "duckdb:", "postgres://", "postgresql://", "redshift://",
                                  "s3://"};
  const std::size_t end = text.find('\0');
  const std::string user(text.substr(0, end));
  for (const char* scheme : schemes) {
    if (end == std::string_view::npos) {
      try_address(scheme + user);
    } else if (user.find_first_of("/?#@:") == std::string::npos && *scheme != '\0' &&
               std::string_view(scheme).ends_with("//")) {
      try_address(scheme + user + ":" + std::string(password) + "@" +
                  std::string(text.substr(end + 1)));
    }
  }
  return 0;
}
