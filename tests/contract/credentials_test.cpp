// The chain of places that have credentials, against servers that stand in for AWS's.
#include "aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "aws/process_credentials.h"
#include "aws/s3.h"
#include "base/time.h"
#include "support/http_server.h"
#include "support/s3_server.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string far_future() { return "2099-01-01T00:00:00Z"; }

std::string json_credentials(const std::string& id, const std::string& expires = far_future()) {
  return R"({"Code": "Success", "AccessKeyId": ")" + id +
         R"(", "SecretAccessKey": "s\/ecret", "Token": "tok\u0065n", "Expiration": ")" + expires +
         "\"}";
}

std::string sts_credentials(const std::string& id) {
  return "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
         "<AssumeRoleResult><Credentials><AccessKeyId>" +
         id +
         "</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token"
         "</SessionToken><Expiration>" +
         far_future() + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

class CredentialsChain : public testing::Test {
 protected:
  CredentialsChain() {
    set("HOME", root_.path());
    set("AWS_EC2_METADATA_DISABLED", "true");
  }

  void set(const std::string& name, const std::string& value) { variables_[name] = value; }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = root_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  Result<Credentials> find() {
    options_.environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end() || found->second.empty()) return std::nullopt;
      return found->second;
    };
    provider_ = credentials_chain(options_);
    return provider_->get();
  }
  std::string id() {
    const auto found = find();
    return found ? found->access_key_id : found.error().text();
  }

  CredentialsOptions options_;
  std::shared_ptr<CredentialsProvider> provider_;

 private:
  const TemporaryDirectory root_;
  std::map<std::string, std::string, std::less<>> variables_;
};

TEST_F(CredentialsChain, TakesTheFirstPlaceThatHasThem) {
  HttpServer server([](const ServedRequest& request) {
    if (request.target == "/container") return answer(200, json_credentials("container"));
    if (request.method == "PUT") return answer(200, "metadata-token");
    if (request.target.ends_with("/security-credentials/")) return answer(200, "the role");
    if (request.target.ends_with("/the%20role")) return answer(200, json_credentials("instance"));
    return answer(200, sts_credentials("web"));
  });
  set("AWS_EC2_METADATA_DISABLED", "");
  set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url() + "/");
  EXPECT_EQ(id(), "instance");
  EXPECT_EQ(server.requests().back().headers.at("x-aws-ec2-metadata-token"), "metadata-token");
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/container");
  EXPECT_EQ(id(), "container");
  EXPECT_EQ(find()->secret_access_key.reveal(), "s/ecret");
  EXPECT_EQ(find()->session_token.reveal(), "token");
  set("AWS_ENDPOINT_URL_STS", server.url());
  set("AWS_ROLE_ARN", "arn:role");
  set("AWS_WEB_IDENTITY_TOKEN_FILE", write("token", "signed.by.somebody"));
  EXPECT_EQ(id(), "web");
  EXPECT_THAT(server.requests().back().body,
              AllOf(HasSubstr("WebIdentityToken=signed.by.somebody"), HasSubstr("arn%3Arole")));
  EXPECT_FALSE(server.requests().back().headers.contains("authorization"));
  write(".aws/config", "[default]\naws_access_key_id = config\naws_secret_access_key=c");
  EXPECT_EQ(id(), "config");
  write(".aws/credentials", "[default]\naws_access_key_id=shared\naws_secret_access_key=c\n");
  EXPECT_EQ(id(), "shared");
  set("AWS_ACCESS_KEY_ID", "environment");
  set("AWS_SECRET_ACCESS_KEY", "e");
  EXPECT_EQ(id(), "environment");
  options_.profile = "default";
  EXPECT_EQ(id(), "shared") << "a profile that is asked for goes before the environment";
}

TEST_F(CredentialsChain, ReadsProfilesAsPeopleWriteThem) {
  write(
      ".aws/config",
      "# comment\n[default]\nregion = eu-west-1 ; and why\ns3 =\n  addressing_style = path\n"
      "  aws_access_key_id = nested\n\n[profile  big one]\r\naws_access_key_id = id#1\r\n"
      "aws_secret_access_key = a=b\r\nca_bundle=/ca.pem\r\n[sso-session x]\naws_access_key_id=no\n"
      "[x]\naws_access_key_id=not-a-profile\n");
  set("AWS_PROFILE", "big one");
  EXPECT_EQ(id(), "id#1");
  EXPECT_EQ(find()->secret_access_key.reveal(), "a=b");
  EXPECT_EQ(find_aws_connection(options_.environment, "")->ca_file, "/ca.pem");
  EXPECT_EQ(find_aws_connection(options_.environment, "default")->region, "eu-west-1");
  set("AWS_REGION", "eu-north-1");
  set("AWS_ENDPOINT_URL", "http://all");
  EXPECT_EQ(find_aws_connection(options_.environment, "")->endpoint, "http://all");
  set("AWS_ENDPOINT_URL_S3", "http://s3");
  EXPECT_EQ(find_aws_connection(options_.environment, "")->endpoint, "http://s3");
  EXPECT_EQ(find_aws_connection(options_.environment, "default")->region, "eu-north-1");
  set("AWS_PROFILE", "x");
  EXPECT_THAT(id(), HasSubstr("there is no profile \"x\""));
}

TEST_F(CredentialsChain, AssumesRolesOfRolesOfKeys) {
  HttpServer server([](const ServedRequest& request) {
    const bool is_second =
        request.headers.at("authorization").find("Credential=first") != std::string::npos;
    return answer(200, sts_credentials(is_second ? "second" : "first"));
  });
  set("AWS_ENDPOINT_URL_STS", server.url());
  write(".aws/config",
        "[profile top]\nrole_arn=arn:top\nsource_profile=middle\nrole_session_name=me\n"
        "external_id = x=1\n"
        "[profile middle]\nrole_arn=arn:middle\nsource_profile=middle\n"
        "duration_seconds=900\naws_access_key_id=keys\naws_secret_access_key=k\n"
        "[profile a]\nrole_arn=arn:a\nsource_profile=b\n[profile b]\nrole_arn=arn:b\n"
        "source_profile=a\n"
        "[profile code]\nrole_arn=arn:code\nsource_profile=top\nmfa_serial=arn:mfa\n"
        "[profile environment]\nrole_arn=arn:e\ncredential_source=Environment\n");
  options_.profile = "top";
  EXPECT_EQ(id(), "second");
  const auto asked = server.requests();
  EXPECT_THAT(asked[0].headers.at("authorization"), HasSubstr("Credential=keys/"));
  EXPECT_THAT(asked[0].body, AllOf(HasSubstr("RoleArn=arn%3Amiddle"),
                                   HasSubstr("DurationSeconds=900"), Not(HasSubstr("ExternalId"))));
  EXPECT_THAT(asked[1].body, AllOf(HasSubstr("ExternalId=x%3D1"), HasSubstr("RoleSessionName=me")));
  EXPECT_EQ(asked[1].headers.at("x-amz-security-token"), "token");
  options_.profile = "a";
  EXPECT_THAT(id(), HasSubstr("in a circle"));
  options_.profile = "code";
  EXPECT_THAT(id(), HasSubstr("mfa_serial"));
  options_.profile = "environment";
  set("AWS_ACCESS_KEY_ID", "mine");
  set("AWS_SECRET_ACCESS_KEY", "e");
  EXPECT_EQ(id(), "first");
  EXPECT_THAT(server.requests().back().headers.at("authorization"), HasSubstr("Credential=mine/"));
  options_.profile.clear();
  options_.role_arn = "arn:given";
  options_.external_id = "id";
  EXPECT_EQ(id(), "first");
  EXPECT_THAT(server.requests().back().body, HasSubstr("RoleArn=arn%3Agiven"));
}

TEST_F(CredentialsChain, SaysWhereItLookedAndShowsNoSecret) {
  EXPECT_THAT(id(), AllOf(HasSubstr("no AWS credentials found"), HasSubstr("AWS_ACCESS_KEY_ID"),
                          HasSubstr("profile \"default\""), HasSubstr("EC2")));
  EXPECT_EQ(find().error().cause, Cause::config);
  set("AWS_ACCESS_KEY_ID", "id");
  EXPECT_THAT(id(), HasSubstr("without AWS_SECRET_ACCESS_KEY"));
  HttpServer denies([](const ServedRequest&) {
    return answer(403,
                  "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no\nway</Message>"
                  "</Error></ErrorResponse>");
  });
  set("AWS_SECRET_ACCESS_KEY", "hunter2");
  set("AWS_ENDPOINT_URL", denies.url());
  options_.role_arn = "arn:role";
  const auto denied = find();
  EXPECT_EQ(denied.error().cause, Cause::config);
  EXPECT_THAT(denied.error().text(), AllOf(HasSubstr("AccessDenied: no way"),
                                           HasSubstr("trust policy"), Not(HasSubstr("hunter2"))));
}

TEST_F(CredentialsChain, AsksAgainBeforeTheyExpireOrWhenTheyAreRefused) {
  const auto in = [](std::chrono::minutes ahead) {
    const auto at = std::chrono::system_clock::now() + ahead;
    std::string text =
        format_timestamp(to_micros(std::chrono::floor<std::chrono::microseconds>(at)));
    return text.substr(0, 19) + "Z";
  };
  std::string expires = in(std::chrono::minutes(60));
  HttpServer server([&](const ServedRequest& request) {
    if (request.number == 3) return answer(400, "{}");
    return answer(200, json_credentials("id" + std::to_string(request.number), expires));
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
  EXPECT_EQ(id(), "id0");
  EXPECT_EQ(provider_->get()->access_key_id, "id0");
  Credentials other;
  provider_->refused(other);
  EXPECT_EQ(provider_->get()->access_key_id, "id0");
  expires = in(std::chrono::minutes(4));
  provider_->refused(*provider_->get());
  EXPECT_EQ(provider_->get()->access_key_id, "id1");
  EXPECT_EQ(provider_->get()->access_key_id, "id2") << "what is about to expire is renewed";
  EXPECT_EQ(provider_->get()->access_key_id, "id2") << "and kept while it lives if that fails";
  EXPECT_EQ(provider_->get()->access_key_id, "id4");
}

TEST_F(CredentialsChain, AsksAContainerWithItsTokenAndNobodyElse) {
  HttpServer server([](const ServedRequest& request) {
    return request.headers.at("authorization") == "key of the pod"
               ? answer(200, json_credentials("pod"))
               : answer(403, "{}");
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/v1/credentials");
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", write("token", "key of the pod\n"));
  EXPECT_EQ(id(), "pod");
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", write("two", "a\nb: c\n"));
  EXPECT_THAT(id(), HasSubstr("more than one line"));
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere");
  EXPECT_THAT(id(), HasSubstr("/nowhere"));
  for (const char* url : {"http://example.com/x", "http://127.example.com",
                          "http://169.254.169.254", "ftp://127.0.0.1"}) {
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    EXPECT_EQ(find().error().cause, Cause::config) << url;
  }
}

TEST_F(CredentialsChain, TriesAgainWhereAServiceIsSlow) {
  HttpServer server([](const ServedRequest& request) {
    if (request.number < 2) return answer(500, "");
    return answer(200, json_credentials("later"));
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
  EXPECT_EQ(id(), "later");
}

std::string printed_credentials(const std::string& id, const std::string& expires = far_future()) {
  return "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"" + id +
         R"(", "SecretAccessKey": "s\/ecret", "SessionToken": "token", "Expiration": ")" + expires +
         "\"}\n";
}

class CredentialProcess : public CredentialsChain {
 protected:
  // A program that does what the script says, as the profile's.
  std::string program(const std::string& script) {
    const std::string path = write("my programs/give keys", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  void configure(const std::string& command) {
    write(".aws/config", "[default]\ncredential_process = " + command + "\n");
  }
  // A process that was killed ends when its turn comes, and is a zombie until it is buried.
  static bool ends_within(const std::string& pid, std::chrono::seconds bound) {
    const auto deadline = std::chrono::steady_clock::now() + bound;
    while (std::chrono::steady_clock::now() < deadline) {
      std::ifstream status("/proc/" + pid + "/stat");
      std::string ignored;
      std::string state;
      if (!(status >> ignored >> ignored >> state) || state == "Z" || state == "X") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::string failure(const std::string& script) {
    configure('"' + program(script) + "\" --password hunter2");
    const auto found = find();
    EXPECT_EQ(found.error().cause, Cause::config) << script;
    EXPECT_THAT(found.error().text(),
                AllOf(HasSubstr("profile \"default\""), HasSubstr("give keys"),
                      Not(HasSubstr("hunter2")), Not(HasSubstr("s3cret"))));
    return found.error().text();
  }
};

TEST_F(CredentialProcess, GivesWhatItPrints) {
  const std::string printed = write("printed.json", printed_credentials("printed"));
  configure('"' + program("cat '" + printed + "'") + '"');
  ASSERT_EQ(id(), "printed");
  EXPECT_EQ(find()->secret_access_key.reveal(), "s/ecret");
  EXPECT_EQ(find()->session_token.reveal(), "token");
  EXPECT_TRUE(find()->expires.has_value());
}

TEST_F(CredentialProcess, IsAskedAgainBeforeTheyExpire) {
  const std::string calls = write("calls", "");
  const auto soon = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now() +
                                                                  std::chrono::minutes(4));
  const std::string expires = format_timestamp(to_micros(soon)).substr(0, 19) + "Z";
  const std::string printed = write("printed.json", printed_credentials("id", expires));
  configure('"' + program("echo x >> '" + calls + "'; cat '" + printed + "'") + '"');
  ASSERT_EQ(id(), "id");
  EXPECT_EQ(provider_->get()->access_key_id, "id");
  EXPECT_EQ(std::filesystem::file_size(calls), 4U);
  write("printed.json", R"({"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "s"})");
  EXPECT_FALSE(provider_->get()->expires.has_value());
  EXPECT_TRUE(provider_->get().ok());
  EXPECT_EQ(std::filesystem::file_size(calls), 6U) << "what does not expire is not asked for again";
}

TEST_F(CredentialProcess, GetsItsWordsAsTheyAreWritten) {
  const std::string path = program(
      R"(printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "x"}' "$#:$1:$2:$3:$4")");
  configure('"' + path + R"(" $HOME  'a  b' c\ d"e"'f' "*\"~;")");
  EXPECT_THAT(id(), HasSubstr("prints no JSON")) << "the quote ends the text";
  configure('"' + path + R"(" $HOME  'a  b' c\ d"e"'f' "*~;`ls`|")");
  EXPECT_EQ(id(), "4:$HOME:a  b:c def:*~;`ls`|");
  configure('"' + path + R"(" "a)");
  EXPECT_THAT(id(), HasSubstr("a quote that is not closed"));
}

TEST_F(CredentialProcess, GoesBehindKeysAndGivesThemToRoles) {
  HttpServer server([](const ServedRequest&) { return answer(200, sts_credentials("assumed")); });
  set("AWS_ENDPOINT_URL_STS", server.url());
  const std::string printed = write("printed.json", printed_credentials("printed"));
  const std::string process = "credential_process = \"" + program("cat '" + printed + "'") + "\"\n";
  write(".aws/config", "[default]\naws_access_key_id=keys\naws_secret_access_key=k\n" + process +
                           "[profile role]\nrole_arn=arn:r\nsource_profile=source\n"
                           "[profile source]\n" +
                           process);
  EXPECT_EQ(id(), "keys");
  options_.profile = "role";
  EXPECT_EQ(id(), "assumed");
  EXPECT_THAT(server.requests().back().headers.at("authorization"),
              HasSubstr("Credential=printed/"));
}

TEST_F(CredentialProcess, SaysWhatIsWrongAndNothingThatItPrinted) {
  EXPECT_THAT(failure("echo s3cret; echo s3cret >&2; exit 3"), HasSubstr("exit code 3"));
  EXPECT_THAT(failure("kill -9 $$"), HasSubstr("signal 9"));
  EXPECT_THAT(failure("echo s3cret"), HasSubstr("\"Version\": 1"));
  EXPECT_THAT(failure(R"(echo '{"Version": 2, "AccessKeyId": "s3cret"}')"), HasSubstr("Version"));
  EXPECT_THAT(failure(R"(echo '{"Version": 1, "AccessKeyId": "s3cret"}')"),
              HasSubstr("no SecretAccessKey"));
  const std::string keys = R"("AccessKeyId": "i", "SecretAccessKey": "s3cret")";
  EXPECT_THAT(failure("echo '{\"Version\": 1, " + keys + ", \"Expiration\": \"soon\"}'"),
              HasSubstr("not a time"));
  EXPECT_THAT(
      failure("echo '{\"Version\": 1, " + keys + ", \"Expiration\": \"2020-01-01T00:00:00Z\"}'"),
      HasSubstr("have expired"));
  EXPECT_THAT(failure("yes s3cret"), HasSubstr("prints more"));
  configure("/nowhere/keys --password hunter2");
  EXPECT_THAT(id(), AllOf(HasSubstr("/nowhere/keys: cannot be run"), Not(HasSubstr("hunter2"))));
}

TEST_F(CredentialProcess, EndsWithAllThatItStartedWhenItTakesTooLong) {
  const std::string pid = write("pid", "");
  const std::string path = program("sleep 100 & echo $! > '" + pid + "'; wait");
  const auto late = process_credentials("'" + path + "'", std::chrono::milliseconds(500), {});
  EXPECT_THAT(late.error().text(), HasSubstr("took longer than 1 s"));
  std::string sleeper;
  std::ifstream(pid) >> sleeper;
  ASSERT_FALSE(sleeper.empty());
  EXPECT_TRUE(ends_within(sleeper, std::chrono::seconds(20)));

  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  const auto stopped =
      process_credentials("'" + path + "'", std::chrono::minutes(1), stop.get_token());
  EXPECT_EQ(stopped.error().cause, Cause::cancelled);
}

class SingleSignOn : public CredentialsChain {
 protected:
  // sha1sum of "corp" and of "https://corp.awsapps.com/start"
  static constexpr const char* session_file =
      ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
  static constexpr const char* portal_file =
      ".aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json";

  SingleSignOn() {
    set("AWS_ENDPOINT_URL_SSO", server_.url());
    write(".aws/config",
          "[profile new]\nsso_session = corp\nsso_account_id = 012345678901\n"
          "sso_role_name = Read Only\n"
          "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n"
          "sso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n"
          "[profile old]\nsso_start_url = https://corp.awsapps.com/start\n"
          "sso_region = eu-west-1\nsso_account_id = 012345678901\nsso_role_name = Old\n"
          "[profile lost]\nsso_session = gone\n"
          "[profile half]\nsso_session = corp\n");
    options_.profile = "new";
  }
  static std::string token(const std::string& text, const std::string& expires = far_future()) {
    return R"({"startUrl": "https://corp.awsapps.com/start", "accessToken": ")" + text +
           R"(", "expiresAt": ")" + expires + "\"}";
  }

  ServedAnswer answer_ = answer(
      200,
      R"({"roleCredentials": {"accessKeyId": "sso", "secretAccessKey": "s", "sessionToken": "t",)"
      R"( "expiration": 4070908800000}})");
  HttpServer server_{[this](const ServedRequest&) { return answer_; }};
};

TEST_F(SingleSignOn, TakesTheTokenOfWhoeverHasSignedIn) {
  write(session_file, token("bearer"));
  ASSERT_EQ(id(), "sso");
  const auto found = provider_->get();
  EXPECT_EQ(found->session_token.reveal(), "t");
  EXPECT_EQ(found->expires, std::chrono::sys_seconds(std::chrono::seconds(4070908800)));
  const ServedRequest asked = server_.requests().back();
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.target, "/federation/credentials?role_name=Read%20Only&account_id=012345678901");
  EXPECT_EQ(asked.headers.at("x-amz-sso_bearer_token"), "bearer");
  EXPECT_FALSE(asked.headers.contains("authorization"));
  write(portal_file, token("older", "2099-01-01T00:00:00UTC"));
  options_.profile = "old";
  EXPECT_EQ(id(), "sso");
  EXPECT_EQ(server_.requests().back().headers.at("x-amz-sso_bearer_token"), "older");
}

TEST_F(SingleSignOn, SaysHowToSignInAndShowsNoToken) {
  const auto says_how = AllOf(HasSubstr("profile \"new\""),
                              HasSubstr("aws sso login --profile new"), Not(HasSubstr("bearer")));
  EXPECT_THAT(id(), says_how);
  write(session_file, token("bearer", "2020-01-01T00:00:00Z"));
  EXPECT_THAT(id(), AllOf(says_how, HasSubstr("has expired")));
  EXPECT_TRUE(server_.requests().empty());
  write(session_file, token("bearer"));
  answer_ = answer(401, R"({"message": "Session token not found or invalid"})",
                   {"x-amzn-errortype: UnauthorizedException"});
  EXPECT_THAT(id(), says_how);
  answer_ = answer(403, R"({"message": "No access"})", {"x-amzn-errortype: ForbiddenException"});
  EXPECT_THAT(id(), AllOf(HasSubstr("role Read Only of account 012345678901"),
                          HasSubstr("ForbiddenException: No access"), Not(HasSubstr("bearer"))));
  EXPECT_EQ(find().error().cause, Cause::config);
  write(session_file, token("bear\\nx-other: er"));
  EXPECT_THAT(id(), HasSubstr("damaged"));
  options_.profile = "lost";
  EXPECT_THAT(id(), HasSubstr("[sso-session gone]"));
  options_.profile = "half";
  EXPECT_THAT(id(), HasSubstr("aws configure sso --profile half"));
}

TEST_F(CredentialsChain, OpensARealBucketWithARealRole) {
  const S3Server& server = s3_server();
  set("AWS_ACCESS_KEY_ID", server.credentials.access_key_id);
  set("AWS_SECRET_ACCESS_KEY", server.credentials.secret_access_key.reveal());
  set("AWS_ENDPOINT_URL_STS", server.endpoint);
  options_.role_arn = server.role_arn;
  const auto found = find();
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_FALSE(found->session_token.empty());
  EXPECT_TRUE(found->expires.has_value());
  S3ListRequest request;
  request.bucket = make_bucket();
  EXPECT_TRUE(s3_test_client(s3_test_options(), *found)->list(request).ok());
  Credentials changed = *found;
  changed.session_token = Secret(found->session_token.reveal() + "x");
  EXPECT_FALSE(s3_test_client(s3_test_options(), changed)->list(request).ok());
  options_.role_arn = "arn:aws:iam:::role/nobody";
  EXPECT_EQ(find().error().cause, Cause::config);
}

}  // namespace
}  // namespace dray
