#include "sql/pq_address.h"

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
    EXPECT_EQ(parameters.error().text().find("cret"), std::string::npos) << url;
  }
}

TEST(ParsePqUrl, LeavesTheSettingsOfTheBytesToDray) {
  for (const char* query :
       {"client_encoding=LATIN1", "client_encoding=auto", "options=-c%20client_encoding%3DLATIN1",
        "options=-cDateStyle%3DGerman", "options=--extra-float-digits%3D0",
        "options=-c%20a.b%3D1%20-c%20TimeZone%3DAsia/Tokyo"}) {
    const auto parameters = parse_pq_url(std::string("postgres://ada@db/events?") + query);
    ASSERT_FALSE(parameters.ok()) << query;
    EXPECT_EQ(parameters.error().cause, Cause::config);
    EXPECT_NE(parameters.error().text().find("which Dray sets for itself"), std::string::npos);
  }
  for (const char* query :
       {"client_encoding=utf8", "client_encoding=UTF-8", "application_name=x",
        "options=-c%20statement_timeout%3D0%20-c%20role%3Dloader", "options=endpoint%3Dtimezone"}) {
    EXPECT_TRUE(parse_pq_url(std::string("postgres://ada@db/events?") + query).ok()) << query;
  }
}

TEST(PqLocation, ShowsEverythingButThePassword) {
  const auto parameters = parse_pq_url("postgres://ada:secret@db.example:5433/events");
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(pq_location("postgres", *parameters), "postgres://ada@db.example:5433/events");
}

}  // namespace
}  // namespace dray
