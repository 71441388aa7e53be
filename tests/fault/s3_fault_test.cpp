// What a server, or what lies before it, can do wrong, and what the client makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/digest.h"
#include "aws/s3.h"
#include "source/s3.h"
#include "support/http_server.h"

namespace dray {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string error_xml(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>why</Message>" + more +
         "</Error>";
}

const std::string empty_listing =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

class Counting final : public CredentialsProvider {
 public:
  Result<Credentials> get() override {
    Credentials credentials;
    credentials.access_key_id = "AK" + std::to_string(refusals);
    credentials.secret_access_key = Secret("SECRETSECRET");
    credentials.session_token = Secret("TOKEN" + std::to_string(refusals));
    return credentials;
  }
  void refused(const Credentials&) override { ++refusals; }
  int refusals = 0;
};

class S3Fault : public testing::Test {
 protected:
  S3Client& client(const HttpServer& server) {
    S3Options options = options_;
    options.endpoint = server.url();
    options.retry.attempts_max = 4;
    options.retry.pause_base = std::chrono::milliseconds(1);
    client_ = open_s3(options, credentials_).value();
    return *client_;
  }
  static S3ListRequest listing() {
    S3ListRequest request;
    request.bucket = "bucket";
    return request;
  }
  static S3GetRequest object(std::string etag = "e1") {
    S3GetRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.etag = std::move(etag);
    return request;
  }
  Result<std::string> read(S3GetRequest request) {
    const auto reader = client_->get(std::move(request));
    std::string bytes;
    std::array<std::byte, 5000> buffer{};
    while (true) {
      DRAY_ASSIGN(const std::size_t count, reader->read(buffer));
      if (count == 0) return bytes;
      bytes.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
  }

  S3Options options_;
  std::shared_ptr<Counting> credentials_ = std::make_shared<Counting>();
  std::shared_ptr<S3Client> client_;
};

TEST_F(S3Fault, TriesAgainWhatMayPass) {
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{503, "SlowDown"},
                                                {500, "InternalError"},
                                                {502, ""},
                                                {504, ""},
                                                {429, "TooManyRequests"},
                                                {400, "RequestTimeout"},
                                                {403, "RequestThrottled"},
                                                {400, "XAmzContentSHA256Mismatch"}}) {
    HttpServer server([status = status, code = code](const ServedRequest& request) {
      if (request.number < 2) return answer(status, code.empty() ? "<html>" : error_xml(code));
      return answer(200, empty_listing);
    });
    EXPECT_TRUE(client(server).list(listing()).ok()) << status << code;
    EXPECT_EQ(server.requests().size(), 3U);
  }
}

TEST_F(S3Fault, DoesNotTryAgainWhatWillNotPass) {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{
           {403, "AccessDenied"}, {404, "NoSuchBucket"}, {501, "NotImplemented"}, {400, ""}}) {
    HttpServer server([status = status, code = code](const ServedRequest&) {
      return answer(status, error_xml(code));
    });
    EXPECT_EQ(client(server).head("bucket", "key").ok(), status == 404) << status;
    credentials_->refusals = 0;
    EXPECT_EQ(client(server).list(listing()).error().cause, Cause::config) << status << code;
  }
}

TEST_F(S3Fault, GivesUpInTheEndAndSaysWhatTheServerSaid) {
  HttpServer server([&](const ServedRequest&) { return answer(503, error_xml("SlowDown")); });
  const auto listed = client(server).list(listing());
  EXPECT_EQ(listed.error().cause, Cause::transient);
  EXPECT_THAT(listed.error().text(), HasSubstr("SlowDown: why"));
  EXPECT_THAT(listed.error().text(), HasSubstr("tried 4 times"));
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST_F(S3Fault, WaitsAsLongAsItIsToldTo) {
  HttpServer server([&](const ServedRequest& request) {
    return request.number == 0 ? answer(503, "", {"Retry-After: 1"}) : answer(200, empty_listing);
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(client(server).list(listing()).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
}

TEST_F(S3Fault, TakesABrokenListingForNone) {
  for (const std::string& body :
       {std::string("<html>Welcome to the hotel</html>"), std::string("{}"), std::string(),
        empty_listing.substr(0, 30),
        std::string("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents>"
                    "</ListBucketResult>")}) {
    HttpServer server([&](const ServedRequest&) { return answer(200, body); });
    EXPECT_THAT(client(server).list(listing()).error().text(), HasSubstr("no listing")) << body;
  }
}

std::string page_xml(const std::vector<std::string>& keys, const std::string& token) {
  std::string xml = "<ListBucketResult><IsTruncated>";
  xml += token.empty() ? "false</IsTruncated>" : "true</IsTruncated>";
  if (!token.empty()) xml.append("<NextContinuationToken>" + token + "</NextContinuationToken>");
  for (const std::string& key : keys)
    xml.append("<Contents><Key>" + key + "</Key><Size>1</Size></Contents>");
  return xml + "</ListBucketResult>";
}

TEST_F(S3Fault, EndsAListingThatGoesRoundInACircle) {
  const std::map<std::string, std::string> next = {{"", "b"}, {"b", "c"}, {"c", "b"}};
  HttpServer repeats([&](const ServedRequest& request) {
    const std::size_t at = request.target.find("continuation-token=");
    const std::string token = at == std::string::npos ? "" : request.target.substr(at + 19, 1);
    return answer(200, page_xml({"k" + token}, next.at(token)));
  });
  const auto circle = client(repeats).list_all(listing(), [](const S3Page&) {});
  EXPECT_THAT(circle.error().text(), HasSubstr("circle"));
  EXPECT_EQ(repeats.requests().size(), 3U);
  // Tokens that are new each time, and the same keys behind each.
  std::size_t pages = 0;
  HttpServer begins_anew([&](const ServedRequest& request) {
    return answer(200, page_xml({"a", "b"}, std::to_string(request.number)));
  });
  const auto endless = client(begins_anew).list_all(listing(), [&](const S3Page&) { ++pages; });
  EXPECT_THAT(endless.error().text(), HasSubstr("circle"));
  EXPECT_EQ(pages, 10'000U);
}

TEST_F(S3Fault, TakesAKeyThatIsListedTwiceOnce) {
  HttpServer server([&](const ServedRequest& request) {
    return request.number == 0 ? answer(200, page_xml({"p/a.json", "p/b.json"}, "more"))
                               : answer(200, page_xml({"p/b.json", "p/c.json", "q/d.json"}, ""));
  });
  client(server);
  const Listing listed = open_s3_store(client_, {"bucket", "p"})->list({}).value();
  std::vector<std::string> keys;
  for (const ObjectInfo& object : listed.objects)
    keys.push_back(object.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"a.json", "b.json", "c.json"}));
}

TEST_F(S3Fault, DecodesKeysOnlyWhereTheServerSaysThatTheyAreEncoded) {
  std::string page = page_xml({"a%2520b+c.json"}, "");
  HttpServer server([&](const ServedRequest&) { return answer(200, page); });
  EXPECT_EQ(client(server).list(listing())->objects[0].key, "a%2520b+c.json");
  page.insert(page.find("<IsTruncated>"), "<EncodingType>url</EncodingType>");
  EXPECT_EQ(client(server).list(listing())->objects[0].key, "a%20b c.json");
}

// libcurl leaves the handle of a transfer that never got a connection in a state of its own.
TEST_F(S3Fault, AsksAgainForANameThatWasNotFound) {
  options_.endpoint = "http://" + std::string(64, 'a') + ".example";
  options_.retry.attempts_max = 3;
  options_.retry.pause_base = std::chrono::milliseconds(1);
  const auto nowhere = open_s3(options_, credentials_).value();
  for (int i = 0; i < 2; ++i) {
    const auto listed = nowhere->list(listing());
    EXPECT_EQ(listed.error().cause, Cause::transient);
    EXPECT_THAT(listed.error().text(), HasSubstr("no such host"));
    EXPECT_THAT(listed.error().text(), HasSubstr("tried 3 times"));
  }
}

TEST_F(S3Fault, TakesNoOtherVersionFromAServerThatIgnoresIfMatch) {
  std::string etag = "ETag: \"e2\"";
  HttpServer server([&](const ServedRequest&) { return answer(200, "bytes", {etag}); });
  client(server);
  const auto other = read(object());
  EXPECT_EQ(other.error().cause, Cause::bad_data);
  EXPECT_EQ(other.error().text(), "changed since it was listed");
  EXPECT_EQ(read(object("")).value(), "bytes");
  etag = "ETag: W/\"e1\"";
  EXPECT_EQ(read(object()).value(), "bytes") << "the same, packed by a proxy";
  etag = "X: none";
  EXPECT_EQ(read(object()).value(), "bytes");
  HttpServer changes([&](const ServedRequest& request) {
    if (request.number > 0) {
      return answer(206, std::string(50, 'y'), {"Content-Range: bytes 50-99/100", "ETag: \"e2\""});
    }
    ServedAnswer cut = answer(200, std::string(100, 'x'), {"ETag: \"e1\""});
    cut.bytes.resize(cut.bytes.size() - 50);
    cut.closes = true;
    return cut;
  });
  client(changes);
  EXPECT_EQ(read(object()).error().text(), "changed since it was listed");
}

TEST_F(S3Fault, SignsForNoOtherHostThanItsEndpoint) {
  HttpServer there([&](const ServedRequest&) { return answer(200, empty_listing); });
  const std::string host = there.url().substr(std::string("http://").size());
  for (const int status : {301, 302, 307, 308}) {
    HttpServer location([&, status](const ServedRequest&) {
      return answer(status, error_xml("TemporaryRedirect"), {"Location: " + there.url() + "/x"});
    });
    const auto refused = client(location).list(listing());
    EXPECT_EQ(refused.error().cause, Cause::config) << status;
    EXPECT_THAT(refused.error().text(), HasSubstr(host));
    EXPECT_THAT(refused.error().text(), HasSubstr("set endpoint"));
    HttpServer endpoint([&, status](const ServedRequest&) {
      return answer(status, error_xml("PermanentRedirect", "<Endpoint>" + host + "</Endpoint>"));
    });
    EXPECT_THAT(client(endpoint).list(listing()).error().text(), HasSubstr(host));
  }
  EXPECT_TRUE(there.requests().empty());
}

TEST_F(S3Fault, TakesOnlyARegionForOne) {
  HttpServer server([&](const ServedRequest&) {
    return answer(
        400, error_xml("AuthorizationHeaderMalformed", "<Region>eu-west-3&#10;x-evil: 1</Region>"));
  });
  EXPECT_FALSE(client(server).list(listing()).ok());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(S3Fault, TakesUpAnObjectWhereItBroke) {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i)
    bytes += static_cast<char>(i * 31);
  HttpServer server([&](const ServedRequest& request) {
    std::size_t from = 0;
    if (const auto range = request.headers.find("range"); range != request.headers.end()) {
      from = std::stoull(range->second.substr(6));
    }
    const std::string rest = bytes.substr(from);
    ServedAnswer whole = answer(
        from == 0 ? 200 : 206, rest,
        {"ETag: \"e1\"", "Content-Range: bytes " + std::to_string(from) + "-999999/1000000"});
    // Cut in the headers, in the body, or answered by a proxy that has lost its way.
    if (request.number % 4 == 3) return answer(502, "<html>");
    if (rest.size() > 100'000) {
      whole.bytes.resize(request.number % 4 == 0 ? 10 : whole.bytes.size() - rest.size() + 100'000);
      whole.closes = true;
    }
    return whole;
  });
  client(server);
  S3GetRequest request = object();
  request.size_bytes = bytes.size();
  EXPECT_EQ(read(request).value(), bytes);
  for (const ServedRequest& sent : server.requests())
    EXPECT_EQ(sent.headers.at("if-match"), "\"e1\"");
}

TEST_F(S3Fault, EndsWhereNoProgressIsMade) {
  HttpServer server([&](const ServedRequest&) {
    ServedAnswer cut = answer(200, std::string(100, 'x'), {"ETag: \"e1\""});
    cut.bytes.resize(cut.bytes.size() - 100);
    cut.closes = true;
    return cut;
  });
  client(server);
  EXPECT_EQ(read(object()).error().cause, Cause::transient);
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST_F(S3Fault, NeverJoinsTwoVersionsOrSizes) {
  // The rest of another object, of another size, or all of it again.
  for (const std::string& second :
       {answer(412, error_xml("PreconditionFailed")).bytes,
        answer(206, std::string(50, 'y'), {"Content-Range: bytes 50-99/101"}).bytes,
        answer(206, std::string(50, 'y'), {"Content-Range: bytes 0-49/100"}).bytes,
        answer(206, std::string(50, 'y')).bytes, answer(200, std::string(100, 'y')).bytes}) {
    HttpServer server([&](const ServedRequest& request) {
      if (request.number > 0) return ServedAnswer{second};
      ServedAnswer cut = answer(200, std::string(100, 'x'), {"ETag: \"e1\""});
      cut.bytes.resize(cut.bytes.size() - 50);
      cut.closes = true;
      return cut;
    });
    client(server);
    EXPECT_FALSE(read(object("")).ok()) << second;
    EXPECT_EQ(server.requests().at(1).headers.at("if-match"), "\"e1\"");
  }
}

TEST_F(S3Fault, NoticesAnotherSizeThanTheListingSaid) {
  HttpServer server([&](const ServedRequest&) { return answer(200, std::string(100, 'x')); });
  client(server);
  S3GetRequest request = object();
  request.size_bytes = 99;
  EXPECT_EQ(read(request).error().text(), "changed since it was listed");
}

TEST_F(S3Fault, ChecksTheChecksumThatTheServerGives) {
  const std::string bytes(100'000, 'x');
  for (const char* name : {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}) {
    const auto checksum = make_checksum(name);
    checksum->add(bytes);
    const std::string header = "x-amz-checksum-" + std::string(name) + ": " + checksum->finish();
    bool damages = false;
    HttpServer server([&](const ServedRequest&) {
      ServedAnswer whole = answer(200, bytes, {header});
      if (damages) whole.bytes.back() = 'y';
      return whole;
    });
    client(server);
    const auto whole = read(object());
    ASSERT_TRUE(whole.ok()) << whole.error().text();
    EXPECT_EQ(*whole, bytes);
    EXPECT_EQ(server.requests().at(0).headers.at("x-amz-checksum-mode"), "ENABLED");
    damages = true;
    EXPECT_THAT(read(object()).error().text(), HasSubstr("arrived damaged")) << name;
  }
}

TEST_F(S3Fault, FollowsABucketToItsRegion) {
  const auto elsewhere = [](const ServedRequest& request) {
    return request.headers.at("authorization").find("/eu-west-3/s3/") == std::string::npos;
  };
  for (const ServedAnswer& refusal :
       {answer(301, error_xml("PermanentRedirect"), {"x-amz-bucket-region: eu-west-3"}),
        answer(301, "", {"x-amz-bucket-region: eu-west-3"}),
        answer(400, error_xml("AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"))}) {
    HttpServer server([&](const ServedRequest& request) {
      return elsewhere(request) ? refusal : answer(200, empty_listing);
    });
    EXPECT_TRUE(client(server).list(listing()).ok());
    EXPECT_TRUE(client_->list(listing()).ok());
    EXPECT_EQ(server.requests().size(), 3U) << "the second call knows";
  }
  HttpServer circle([&](const ServedRequest& request) {
    return answer(
        301, error_xml("PermanentRedirect"),
        {std::string("x-amz-bucket-region: ") + (elsewhere(request) ? "eu-west-3" : "us-east-1")});
  });
  EXPECT_THAT(client(circle).list(listing()).error().text(), HasSubstr("another region"));
}

TEST_F(S3Fault, AsksForTheRegionThatARedirectionDoesNotTell) {
  const auto is_there = [](const ServedRequest& request) {
    return request.headers.at("authorization").find("/eu-west-3/s3/") != std::string::npos;
  };
  for (const int status : {301, 307}) {
    HttpServer server([&](const ServedRequest& request) {
      if (is_there(request)) return answer(200, empty_listing);
      if (request.method != "HEAD") return answer(status, error_xml("Redirect"));
      EXPECT_EQ(request.target, "/bucket");
      return answer(403, "", {"x-amz-bucket-region: eu-west-3"});
    });
    EXPECT_TRUE(client(server).list(listing()).ok()) << status;
    EXPECT_TRUE(client_->list(listing()).ok());
    EXPECT_EQ(server.requests().size(), 4U) << "the second call knows";
  }
}

TEST_F(S3Fault, GoesWhereARedirectionSends) {
  std::string own;
  HttpServer server([&](const ServedRequest& request) {
    if (request.method == "HEAD") return answer(307, "");
    if (request.target.ends_with("?rk=e2c6%209a31")) {
      return answer(200, request.method == "PUT" ? "" : "bytes", {"ETag: \"e1\""});
    }
    return answer(307, error_xml("TemporaryRedirect"),
                  {"Location: " + own + request.target + "?rk=e2c6 9a31"});
  });
  own = server.url();
  EXPECT_TRUE(client(server).put("bucket", "a key", std::string("body")).ok());
  EXPECT_EQ(read(object()).value(), "bytes");
  const auto asked = server.requests();
  ASSERT_EQ(asked.size(), 6U) << "what is not permanent is not kept";
  EXPECT_EQ(asked[2].body, "body");
  EXPECT_EQ(asked[2].target, "/bucket/a%20key?rk=e2c6%209a31");
  for (const std::vector<std::string>& headers :
       {std::vector<std::string>{}, {"Location: /here"}, {"Location: ftp://127.0.0.1/x"}}) {
    HttpServer nowhere(
        [&](const ServedRequest&) { return answer(307, error_xml("TemporaryRedirect"), headers); });
    EXPECT_THAT(client(nowhere).list(listing()).error().text(), HasSubstr("another region"));
    EXPECT_EQ(nowhere.requests().size(), 2U);
  }
}

TEST_F(S3Fault, SetsAClockThatIsOff) {
  HttpServer server([&](const ServedRequest& request) {
    if (request.headers.at("x-amz-date").starts_with("20010909T0146")) {
      return answer(200, empty_listing);
    }
    return answer(403, error_xml("RequestTimeTooSkewed"), {"Date: Sun, 09 Sep 2001 01:46:40 GMT"});
  });
  EXPECT_TRUE(client(server).list(listing()).ok());
  EXPECT_TRUE(client_->list(listing()).ok());
  EXPECT_EQ(server.requests().size(), 3U) << "the second call knows";
}

TEST_F(S3Fault, AsksOnceForNewCredentials) {
  HttpServer server([&](const ServedRequest& request) {
    if (request.headers.at("x-amz-security-token") == "TOKEN1") return answer(200, empty_listing);
    return answer(400, error_xml("ExpiredToken"));
  });
  EXPECT_TRUE(client(server).list(listing()).ok());
  EXPECT_EQ(credentials_->refusals, 1);
  HttpServer never([&](const ServedRequest&) { return answer(400, error_xml("ExpiredToken")); });
  const auto listed = client(never).list(listing());
  EXPECT_EQ(listed.error().cause, Cause::config);
  EXPECT_THAT(listed.error().text(), HasSubstr("expired"));
  EXPECT_THAT(listed.error().text(), Not(HasSubstr("TOKEN")));
  EXPECT_EQ(never.requests().size(), 2U);
}

TEST_F(S3Fault, GivesUpOnSilence) {
  HttpServer server([&](const ServedRequest&) { return ServedAnswer{"", false, true}; });
  options_.http.idle_timeout = std::chrono::milliseconds(50);
  const auto listed = client(server).list(listing());
  EXPECT_EQ(listed.error().cause, Cause::transient);
  EXPECT_THAT(listed.error().text(), HasSubstr("silent"));
}

TEST_F(S3Fault, StopsInTheMiddleOfSilence) {
  std::stop_source stop;
  HttpServer server([&](const ServedRequest&) { return ServedAnswer{"", false, true}; });
  options_.http.stop = stop.get_token();
  client(server);
  std::jthread soon([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(read(object()).error().cause, Cause::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

class UploadFault : public S3Fault {
 protected:
  static ServedAnswer begin_or_part(const ServedRequest& request) {
    if (request.method == "POST") {
      return answer(200,
                    "<InitiateMultipartUploadResult><UploadId>u 1+</UploadId>"
                    "</InitiateMultipartUploadResult>");
    }
    return answer(200, "", {"ETag: \"" + to_hex(md5(request.body)) + "\""});
  }
  static bool is_completion(const ServedRequest& request) {
    return request.method == "POST" && request.target.find("uploadId") != std::string::npos;
  }
  Result<std::string> upload(const HttpServer& server) {
    DRAY_ASSIGN(const auto upload, client(server).upload("bucket", "key"));
    DRAY_TRY(upload->write(std::string_view("part")));
    return upload->complete();
  }
  const std::string etag_ = to_hex(md5(md5("part"))) + "-1";
  const std::string completed_ = "<CompleteMultipartUploadResult><ETag>\"" + etag_ +
                                 "\"</ETag></CompleteMultipartUploadResult>";
};

TEST_F(UploadFault, SeesTheErrorBehindAnAnswerOfSuccess) {
  int completions = 0;
  HttpServer server([&](const ServedRequest& request) {
    if (!is_completion(request)) return begin_or_part(request);
    return answer(200, ++completions == 1 ? error_xml("InternalError") : completed_);
  });
  const auto completed = upload(server);
  ASSERT_TRUE(completed.ok()) << completed.error().text();
  EXPECT_EQ(*completed, etag_);
  EXPECT_EQ(completions, 2);
}

TEST_F(UploadFault, FindsTheObjectWhenTheAnswerToItsCompletionWasLost) {
  bool is_there = true;
  int completions = 0;
  HttpServer server([&](const ServedRequest& request) {
    if (request.method == "HEAD") {
      return is_there ? ServedAnswer{"HTTP/1.1 200 X\r\nETag: \"" + etag_ +
                                     "\"\r\nContent-Length: 4\r\n\r\n"}
                      : answer(404, "");
    }
    if (!is_completion(request)) return begin_or_part(request);
    if (++completions % 2 == 1) return ServedAnswer{"", true};
    return answer(404, error_xml("NoSuchUpload"));
  });
  const auto completed = upload(server);
  ASSERT_TRUE(completed.ok()) << completed.error().text();
  EXPECT_EQ(*completed, etag_);
  is_there = false;
  EXPECT_EQ(upload(server).error().cause, Cause::transient);
}

TEST_F(UploadFault, AbortsWhatCannotBeCompleted) {
  HttpServer server([&](const ServedRequest& request) {
    if (is_completion(request)) return answer(403, error_xml("AccessDenied"));
    if (request.method == "DELETE") return answer(204, "");
    return begin_or_part(request);
  });
  EXPECT_THAT(upload(server).error().text(), HasSubstr("s3:PutObject"));
  EXPECT_EQ(server.requests().back().method, "DELETE");
  EXPECT_THAT(server.requests().back().target, HasSubstr("uploadId=u%201%2B"));
}

TEST_F(S3Fault, TellsWhichKeyWasNotRemoved) {
  HttpServer server([&](const ServedRequest&) {
    return answer(200,
                  "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error>"
                  "</DeleteResult>");
  });
  const std::vector<std::string> keys = {"a", "b"};
  const auto removed = client(server).remove("bucket", keys);
  EXPECT_EQ(removed.error().cause, Cause::config);
  EXPECT_THAT(removed.error().text(), HasSubstr("s3:DeleteObject on arn:aws:s3:::bucket/b"));
}

}  // namespace
}  // namespace dray
