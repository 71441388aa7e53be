#include "net/http.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(UriEncode, LeavesOnlyTheUnreserved) {
  EXPECT_EQ(uri_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(uri_encode("a b/+%ü"), "a%20b%2F%2B%25%C3%BC");
  EXPECT_EQ(uri_encode("a/b c", EncodeSlash::no), "a/b%20c");
}

TEST(UriDecode, TakesBothFormsOfASpace) {
  EXPECT_EQ(uri_decode("a+b%20c%2B%2f%C3%BC"), "a b c+/ü");
  EXPECT_EQ(uri_decode("100%"), "100%");
  EXPECT_EQ(uri_decode("%zz%1"), "%zz%1");
}

TEST(RequestTo, TakesAUrlApart) {
  const HttpRequest request = request_to("HTTPS://Host.Example:8443/a%20b?x=1&y&z=%20#f").value();
  EXPECT_EQ(request.scheme, "https");
  EXPECT_EQ(request.host, "host.example:8443");
  EXPECT_EQ(request.path, "/a%20b");
  EXPECT_EQ(request.query, (HttpParameters{{"x", "1"}, {"y", ""}, {"z", " "}}));
  EXPECT_EQ(request_to("http://h")->path, "/");
}

TEST(RequestTo, RefusesWhatIsNoAddressAndDoesNotShowAPassword) {
  for (const char* url : {"", "host", "ftp://h", "https://", "https:///x"})
    EXPECT_EQ(request_to(url).error().cause, Cause::config) << url;
  EXPECT_EQ(request_to("https://me:hidden@h").error().text().find("hidden"), std::string::npos);
}

TEST(HttpHeaders, ReplaceByNameWhateverItsCase) {
  HttpHeaders headers;
  headers.set("ETag", "1");
  headers.set("etag", "2");
  EXPECT_EQ(headers.find("etag"), "2");
  EXPECT_EQ(headers.find("none"), "");
  EXPECT_FALSE(headers.contains("none"));
}

}  // namespace
}  // namespace dray
