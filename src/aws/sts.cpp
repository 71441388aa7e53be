#include "aws/sts.h"

#include <pugixml.hpp>

#include <fstream>
#include <sstream>

#include "aws/api.h"
#include "base/time.h"

namespace dray {
namespace {

// A run waits for it, and nothing else can be done meanwhile.
constexpr RetryPolicy sts_retry{.attempts_max = 4};

HttpParameters parameters_of(const Role& role, const char* action) {
  HttpParameters parameters = {
      {"Action", action},
      {"Version", "2011-06-15"},
      {"RoleArn", role.arn},
      {"RoleSessionName", role.session_name.empty() ? "dray" : role.session_name},
      {"DurationSeconds", std::to_string(role.duration.count())}};
  if (!role.external_id.empty()) parameters.emplace_back("ExternalId", role.external_id);
  return parameters;
}

Error refused(const HttpResponse& response, const Role& role) {
  const std::string role_named = "role " + role.arn + ": ";
  const std::string said = " (" + aws_error_text(response) + ")";
  if (response.status >= 500) return transient_error(role_named + "STS does not answer" + said);
  return config_error(role_named + "may not be assumed" + said +
                      "; check the role's trust policy, its external id, and that these "
                      "credentials allow sts:AssumeRole");
}

Result<Credentials> credentials_in(const HttpResponse& response, const Role& role) {
  pugi::xml_document document;
  (void)document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node node = document.find_node(
      [](pugi::xml_node any) { return std::string_view(any.name()) == "Credentials"; });
  Credentials credentials;
  credentials.access_key_id = node.child_value("AccessKeyId");
  credentials.secret_access_key = Secret(node.child_value("SecretAccessKey"));
  credentials.session_token = Secret(node.child_value("SessionToken"));
  if (const auto expires = parse_timestamp(node.child_value("Expiration"))) {
    credentials.expires = std::chrono::floor<std::chrono::seconds>(from_micros(*expires));
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return transient_error("role " + role.arn +
                           ": the answer has no credentials; is it STS that answers?");
  }
  return credentials;
}

Result<Credentials> ask(const StsEndpoint& endpoint, const Role& role,
                        const HttpParameters& parameters, CredentialsProvider* credentials) {
  HttpClient http(endpoint.http);
  AwsCall call{"sts", endpoint.region, endpoint.url, {}, form_of(parameters)};
  call.headers.set("content-type", "application/x-www-form-urlencoded; charset=utf-8");
  auto response = call_aws(http, credentials, call, sts_retry);
  if (!response) return std::move(response).error().within("role " + role.arn);
  if (response->status != 200) return refused(*response, role);
  return credentials_in(*response, role);
}

}  // namespace

StsEndpoint sts_endpoint(const AwsEnvironment& environment, const std::string& region,
                         const HttpOptions& http) {
  StsEndpoint endpoint{aws_endpoint(environment, "sts", region), region, http};
  if (!region.empty()) return endpoint;
  // The global endpoint is signed for its home. One that somebody named stays.
  endpoint.region = "us-east-1";
  const std::string regional =
      aws_endpoint([](std::string_view) { return std::nullopt; }, "sts", "");
  if (endpoint.url == regional) endpoint.url = "https://sts.amazonaws.com";
  return endpoint;
}

Result<Credentials> assume_role(const StsEndpoint& endpoint, const Role& role,
                                CredentialsProvider& credentials) {
  return ask(endpoint, role, parameters_of(role, "AssumeRole"), &credentials);
}

Result<Credentials> assume_role_with_token(const StsEndpoint& endpoint, const Role& role,
                                           const std::string& token_file) {
  std::ifstream file(token_file, std::ios::binary);
  std::ostringstream token;
  token << file.rdbuf();
  if (!file || token.str().empty()) {
    return config_error("web identity token file " + token_file +
                        ": cannot be read, or is empty; check AWS_WEB_IDENTITY_TOKEN_FILE");
  }
  HttpParameters parameters = parameters_of(role, "AssumeRoleWithWebIdentity");
  parameters.emplace_back("WebIdentityToken", token.str());
  return ask(endpoint, role, parameters, nullptr);
}

}  // namespace dray
