#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace dray {
namespace {

// The examples of "Signature Calculations for the Authorization Header", Amazon S3 API reference:
// examplebucket, 24 May 2013, us-east-1.
class DocumentedExample : public testing::Test {
 protected:
  DocumentedExample() {
    credentials_.access_key_id = "AKIAIOSFODNN7EXAMPLE";
    credentials_.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    request_.host = "examplebucket.s3.amazonaws.com";
  }

  std::string signature(std::string_view body = "") {
    const auto time = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);
    sign_request(request_, credentials_, {"us-east-1", "s3", time}, sha256_hex(body));
    const std::string authorization(request_.headers.find("authorization"));
    return authorization.substr(authorization.find("Signature=") + 10);
  }

  Credentials credentials_;
  HttpRequest request_;
};

TEST_F(DocumentedExample, GetsAnObject) {
  request_.path = "/test.txt";
  request_.headers.set("Range", "bytes=0-9");
  EXPECT_EQ(signature(), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(request_.headers.find("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(DocumentedExample, PutsAnObject) {
  request_.method = "PUT";
  request_.path = "/" + uri_encode("test$file.text", EncodeSlash::no);
  request_.headers.set("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request_.headers.set("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(signature("Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_F(DocumentedExample, AsksForALifecycle) {
  request_.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature(), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_F(DocumentedExample, ListsABucket) {
  request_.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(signature(), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// "Elements of an AWS API request signature", IAM: ListUsers on 30 August 2015.
TEST(SignRequest, SignsARequestToAnotherService) {
  Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  HttpRequest request;
  request.host = "iam.amazonaws.com";
  request.query = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}};
  request.headers.set("content-type", "application/x-www-form-urlencoded; charset=utf-8");
  const auto time = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) +
                    std::chrono::hours(12) + std::chrono::minutes(36);
  sign_request(request, credentials, {"us-east-1", "iam", time}, sha256_hex(""));
  EXPECT_EQ(request.headers.find("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_FALSE(request.headers.contains("x-amz-content-sha256"));
}

TEST(SignRequest, SignsTheSessionToken) {
  Credentials credentials;
  credentials.session_token = Secret("token");
  HttpRequest request;
  request.host = "h";
  sign_request(request, credentials, {"r", "s3", {}}, sha256_hex(""));
  EXPECT_EQ(request.headers.find("x-amz-security-token"), "token");
  EXPECT_NE(request.headers.find("authorization").find(";x-amz-security-token"),
            std::string_view::npos);
}

TEST(RequestSigner, SignsEachAsIfItWereTheOnlyOne) {
  RequestSigner signer;
  Credentials one;
  one.secret_access_key = Secret("one");
  Credentials two;
  two.secret_access_key = Secret("two");
  const SigningScope scope{"r", "s3", {}};
  SigningScope elsewhere = scope;
  elsewhere.region = "elsewhere";
  SigningScope tomorrow = scope;
  tomorrow.time += std::chrono::days(1);
  for (const auto& [credentials, where] :
       {std::pair(one, scope), std::pair(one, scope), std::pair(two, scope),
        std::pair(two, elsewhere), std::pair(two, tomorrow), std::pair(one, scope)}) {
    HttpRequest one_of_many;
    signer.sign(one_of_many, credentials, where, "hash");
    HttpRequest alone;
    sign_request(alone, credentials, where, "hash");
    EXPECT_EQ(one_of_many.headers.find("authorization"), alone.headers.find("authorization"));
  }
}

TEST(CanonicalRequest, SortsTheQueryByItsEncodedNamesAndFoldsBlanks) {
  HttpRequest request;
  request.host = "h";
  request.path = "/a/./b%2B";
  request.query = {{"b", "+ /"}, {"a-b", ""}, {"a", "2"}, {"a", "1"}, {"é", "="}};
  request.headers.set("x-amz-meta-a-b", "  two   blanks ");
  request.headers.set("x-amz-meta-a", "1");
  EXPECT_EQ(canonical_request(request, "s3", "HASH"),
            "GET\n/a/./b%2B\n%C3%A9=%3D&a=1&a=2&a-b=&b=%2B%20%2F\nhost:h\nx-amz-meta-a:1\n"
            "x-amz-meta-a-b:two blanks\n\nhost;x-amz-meta-a;x-amz-meta-a-b\nHASH");
  request.query.clear();
  EXPECT_TRUE(canonical_request(request, "execute-api", "").starts_with("GET\n/a/./b%252B\n"));
}

}  // namespace
}  // namespace dray
