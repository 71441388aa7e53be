#include "aws/metadata.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "aws/api.h"
#include "aws/fields.h"
#include "base/time.h"

namespace dray {
namespace {

// The services are on the same machine; where they are not, nobody answers at all.
constexpr std::chrono::milliseconds answer_timeout{2000};
constexpr std::chrono::milliseconds connect_timeout{1000};
constexpr RetryPolicy metadata_retry{.attempts_max = 3,
                                     .pause_max = std::chrono::milliseconds(1000)};

constexpr std::string_view container_host = "http://169.254.170.2";
constexpr std::string_view instance_host = "http://169.254.169.254";
constexpr std::string_view instance_host_v6 = "http://[fd00:ec2::254]";
constexpr std::string_view token_ttl_seconds = "21600";

// Nobody else is asked on the way, not even a proxy.
HttpOptions direct(HttpOptions http) {
  http.proxy = HttpOptions::Proxy::none;
  http.connect_timeout = connect_timeout;
  http.total_timeout = answer_timeout;
  return http;
}

Result<Credentials> credentials_in(const HttpResponse& response, const std::string& who) {
  const JsonFields fields(response.body);
  Credentials credentials;
  credentials.access_key_id = fields.text("AccessKeyId").value_or("");
  credentials.secret_access_key = Secret(fields.text("SecretAccessKey").value_or(""));
  credentials.session_token = Secret(fields.text("Token").value_or(""));
  if (const auto expires = parse_timestamp(fields.text("Expiration").value_or(""))) {
    credentials.expires = std::chrono::floor<std::chrono::seconds>(from_micros(*expires));
  }
  if (response.status != 200 || credentials.access_key_id.empty() ||
      credentials.secret_access_key.empty()) {
    return transient_error(who + ": gives no credentials (HTTP " + std::to_string(response.status) +
                           "); check the role of the task or the instance");
  }
  return credentials;
}

// Plain HTTP only to addresses that do not leave the machine: the answer is a secret.
bool is_trusted(const HttpRequest& request) {
  if (request.scheme == "https") return true;
  const std::string& host = request.host;
  const std::size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  const std::string name = host.substr(0, end);
  constexpr std::array<std::string_view, 5> own = {"169.254.170.2", "169.254.170.23",
                                                   "[fd00:ec2::23]", "localhost", "[::1]"};
  return name.starts_with("127.") || std::ranges::find(own, name) != own.end();
}

Result<std::string> container_token(const AwsEnvironment& environment) {
  const auto path = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!path) return environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  std::ifstream file(*path, std::ios::binary);
  std::ostringstream token;
  token << file.rdbuf();
  if (!file) {
    return config_error("container credentials: " + *path +
                        ": cannot be read; check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  }
  std::string text = token.str();
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  // It becomes a header: a line break in it would begin another.
  if (text.find_first_of("\r\n") != std::string::npos) {
    return config_error("container credentials: " + *path + ": has more than one line");
  }
  return text;
}

}  // namespace

Result<std::optional<Credentials>> container_credentials(const AwsEnvironment& environment,
                                                         const HttpOptions& http) {
  std::string url;
  if (const auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    url = std::string(container_host) + *relative;
  } else if (const auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
  } else {
    return std::optional<Credentials>();
  }
  auto request = request_to(url);
  if (!request) return std::move(request).error().within("container credentials");
  if (!is_trusted(*request)) {
    return config_error("container credentials: " + request->host +
                        " is asked over plain HTTP, and is not this machine; check "
                        "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  }
  DRAY_ASSIGN(std::string token, container_token(environment));
  if (!token.empty()) request->headers.set("authorization", std::move(token));
  HttpClient client(direct(http));
  auto response = send_retrying(client, *request, metadata_retry);
  if (!response) return std::move(response).error().within("container credentials");
  DRAY_ASSIGN(Credentials credentials, credentials_in(*response, "container credentials"));
  return std::optional(std::move(credentials));
}

Result<std::optional<Credentials>> instance_credentials(const AwsEnvironment& environment,
                                                        const HttpOptions& http) {
  const std::string who = "instance metadata";
  if (environment("AWS_EC2_METADATA_DISABLED") == "true") return std::optional<Credentials>();
  const bool is_v6 = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
  std::string endpoint(is_v6 ? instance_host_v6 : instance_host);
  if (auto other = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT")) endpoint = *std::move(other);
  while (endpoint.ends_with('/'))
    endpoint.pop_back();
  HttpClient client(direct(http));

  auto ask = request_to(endpoint + "/latest/api/token");
  if (!ask) return std::move(ask).error().within(who);
  ask->method = "PUT";
  ask->headers.set("x-aws-ec2-metadata-token-ttl-seconds", std::string(token_ttl_seconds));
  // Once: elsewhere than on EC2 there is nobody to answer.
  const auto token = client.send(*ask);
  if (!token && token.error().cause == Cause::cancelled) return token.error();
  if (!token || token->status != 200) return std::optional<Credentials>();

  const std::string roles = endpoint + "/latest/meta-data/iam/security-credentials/";
  const auto get = [&](const std::string& url) -> Result<HttpResponse> {
    DRAY_ASSIGN(HttpRequest request, request_to(url));
    request.headers.set("x-aws-ec2-metadata-token", token->body);
    auto response = send_retrying(client, request, metadata_retry);
    if (!response) return std::move(response).error().within(who);
    return response;
  };
  DRAY_ASSIGN(const HttpResponse names, get(roles));
  if (names.status == 404) return std::optional<Credentials>();
  const std::string role = names.body.substr(0, names.body.find_first_of("\r\n"));
  DRAY_ASSIGN(const HttpResponse response, get(roles + uri_encode(role)));
  DRAY_ASSIGN(Credentials credentials, credentials_in(response, who));
  return std::optional(std::move(credentials));
}

}  // namespace dray
