#include "aws/sso.h"

#include <fstream>
#include <sstream>

#include "aws/api.h"
#include "aws/digest.h"
#include "aws/fields.h"
#include "base/time.h"

namespace dray {
namespace {

constexpr RetryPolicy portal_retry{.attempts_max = 4};

Error sign_in_again(const SsoAccess& access, const std::string& why) {
  return config_error(why, "aws sso login --profile " + access.profile);
}

// The file is named by the session's name, or by the address of the portal where there is no
// session.
std::string token_file(const std::string& home, const SsoAccess& access) {
  const std::string& name = access.session.empty() ? access.start_url : access.session;
  return home + "/.aws/sso/cache/" + to_hex(sha1(name)) + ".json";
}

Result<Secret> cached_token(const AwsEnvironment& environment, const SsoAccess& access) {
  const auto home = environment("HOME");
  if (!home) return config_error("HOME is not set, and the token of the sign-on is kept there");
  std::ifstream file(token_file(*home, access), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string json = text.str();
  const JsonFields fields(json);
  const auto token = fields.text("accessToken");
  std::string expiry = fields.text("expiresAt").value_or("");
  // Older command lines wrote it so.
  if (expiry.ends_with("UTC")) expiry.replace(expiry.size() - 3, 3, "Z");
  const auto expires = parse_timestamp(expiry);
  if (!token || token->empty() || !expires) return sign_in_again(access, "nobody has signed in");
  if (from_micros(*expires) <= std::chrono::system_clock::now()) {
    return sign_in_again(access, "the sign-on has expired");
  }
  // It becomes a header: a line break in it would begin another.
  if (token->find_first_of("\r\n") != std::string::npos) {
    return sign_in_again(access, "the cached token is damaged");
  }
  return Secret(*token);
}

std::string portal_url(const AwsEnvironment& environment, const std::string& region) {
  for (const char* name : {"AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL"}) {
    if (auto url = environment(name)) return *std::move(url);
  }
  return aws_endpoint([](std::string_view) { return std::nullopt; }, "portal.sso", region);
}

Error refused(const HttpResponse& response, const SsoAccess& access) {
  const std::string said = " (" + aws_error_text(response) + ")";
  if (response.status == 401) return sign_in_again(access, "the sign-on is not valid any more");
  if (response.status == 403 || response.status == 404) {
    return config_error("role " + access.role_name + " of account " + access.account_id +
                        " is not given" + said +
                        "; check sso_account_id, sso_role_name and the permission sets");
  }
  return transient_error("the portal gives no credentials" + said);
}

Result<Credentials> credentials_in(const HttpResponse& response) {
  JsonFields fields(response.body);
  fields.enter("roleCredentials");
  Credentials credentials;
  credentials.access_key_id = fields.text("accessKeyId").value_or("");
  credentials.secret_access_key = Secret(fields.text("secretAccessKey").value_or(""));
  credentials.session_token = Secret(fields.text("sessionToken").value_or(""));
  const auto expires = fields.integer("expiration");  // in milliseconds
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !expires) {
    return transient_error("the answer has no credentials; is it the portal that answers?");
  }
  credentials.expires = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(*expires)));
  return credentials;
}

Result<HttpResponse> ask(const AwsEnvironment& environment, const SsoAccess& access,
                         const Secret& token, const HttpOptions& options) {
  DRAY_ASSIGN(HttpRequest request, request_to(portal_url(environment, access.region)));
  while (request.path.ends_with('/'))
    request.path.pop_back();
  request.path += "/federation/credentials";
  request.query = {{"role_name", access.role_name}, {"account_id", access.account_id}};
  request.headers.set("x-amz-sso_bearer_token", token.reveal());
  HttpClient http(options);
  return send_retrying(http, request, portal_retry);
}

Result<Credentials> find(const AwsEnvironment& environment, const SsoAccess& access,
                         const HttpOptions& http) {
  DRAY_ASSIGN(const Secret token, cached_token(environment, access));
  DRAY_ASSIGN(const HttpResponse response, ask(environment, access, token, http));
  if (response.status != 200) return refused(response, access);
  return credentials_in(response);
}

}  // namespace

Result<Credentials> sso_credentials(const AwsEnvironment& environment, const SsoAccess& access,
                                    const HttpOptions& http) {
  auto credentials = find(environment, access, http);
  if (credentials || credentials.error().cause == Cause::cancelled) return credentials;
  return std::move(credentials).error().within("profile \"" + access.profile + "\"");
}

}  // namespace dray
