#include "load/pq_connection.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(ParsePqUrl, TakesThePartsOfAUrl) {
  const auto parameters =
      parse_pq_url("postgresql://ada:se%40cret@db.example:5433/events?sslmode=require");
  ASSERT_TRUE(parameters.ok());
  const PqParameters expected = {{"user", "ada"},  {"password", "se@cret"}, {"host", "db.example"},
                                 {"port", "5433"}, {"dbname", "events"},    {"sslmode", "require"}};
  EXPECT_EQ(*parameters, expected);
}

TEST(ParsePqUrl, RepeatsNothingOfAPasswordThatMovedTheParts) {
  for (const char* url :
       {"postgres://ada:se@cret@db/events", "postgres://ada:se/cret@db/events",
        "postgres://ada:12/cret@db/events", "postgres://ada:se%zzcret@db/events"}) {
    const auto parameters = parse_pq_url(url);
    ASSERT_FALSE(parameters.ok()) << url;
    EXPECT_EQ(parameters.error().cause, Cause::config);
    EXPECT_EQ(parameters.error().message.find("cret"), std::string::npos) << url;
  }
}

TEST(PqLocation, ShowsEverythingButThePassword) {
  const auto parameters = parse_pq_url("postgres://ada:secret@db.example:5433/events");
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(pq_location("postgres", *parameters), "postgres://ada@db.example:5433/events");
}

}  // namespace
}  // namespace dray
