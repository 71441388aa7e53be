#include "load/reserved_schemas.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(ReservedSchemas, AreThoseOfTheEngineAlone) {
  for (const char* name : {"temp", "memory", "main", "system", "information_schema", "pg_catalog"})
    EXPECT_TRUE(is_reserved_duckdb_schema(name)) << name;
  for (const char* name : {"pg_catalog", "pg_events", "pg_", "information_schema"}) {
    EXPECT_TRUE(is_reserved_postgres_schema(name)) << name;
    EXPECT_TRUE(is_reserved_redshift_schema(name)) << name;
  }
  EXPECT_TRUE(is_reserved_redshift_schema("catalog_history"));
  for (const char* name : {"temp", "memory", "main", "pg", "pgevents", "public", "shop"}) {
    EXPECT_FALSE(is_reserved_postgres_schema(name)) << name;
    EXPECT_FALSE(is_reserved_redshift_schema(name)) << name;
  }
  for (const char* name : {"pg_events", "temporary", "public", "shop"})
    EXPECT_FALSE(is_reserved_duckdb_schema(name)) << name;
}

}  // namespace
}  // namespace dray
