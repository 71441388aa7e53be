#include "aws/redshift_login.h"

#include <pugixml.hpp>

#include "aws/api.h"
#include "aws/fields.h"
#include "base/json_writer.h"

namespace dray {
namespace {

// A run waits for it, and nothing else can be done meanwhile.
constexpr RetryPolicy login_retry{.attempts_max = 4};

bool is_serverless(const RedshiftLoginRequest& request) { return !request.workgroup.empty(); }

std::string action_of(const RedshiftLoginRequest& request) {
  if (is_serverless(request)) return "redshift-serverless:GetCredentials";
  return request.user.empty() ? "redshift:GetClusterCredentialsWithIAM"
                              : "redshift:GetClusterCredentials";
}

std::string place_of(const RedshiftLoginRequest& request) {
  return is_serverless(request) ? "workgroup " + request.workgroup : "cluster " + request.cluster;
}

AwsCall serverless_call(const RedshiftLoginRequest& request, const AwsEnvironment& environment) {
  JsonWriter json;
  json.begin_object().field("workgroupName", request.workgroup).field("dbName", request.database);
  json.field("durationSeconds", static_cast<std::int64_t>(request.duration.count())).end_object();
  AwsCall call{"redshift-serverless",
               request.region,
               aws_endpoint(environment, "redshift-serverless", request.region),
               {},
               std::move(json).done()};
  call.headers.set("content-type", "application/x-amz-json-1.1");
  call.headers.set("x-amz-target", "RedshiftServerless.GetCredentials");
  return call;
}

AwsCall cluster_call(const RedshiftLoginRequest& request, const AwsEnvironment& environment) {
  const bool named = !request.user.empty();
  HttpParameters form = {
      {"Action", named ? "GetClusterCredentials" : "GetClusterCredentialsWithIAM"},
      {"Version", "2012-12-01"},
      {"ClusterIdentifier", request.cluster},
      {"DbName", request.database},
      {"DurationSeconds", std::to_string(request.duration.count())}};
  if (named) {
    form.emplace_back("DbUser", request.user);
    if (request.auto_create) form.emplace_back("AutoCreate", "true");
    for (std::size_t i = 0; i < request.groups.size(); ++i)
      form.emplace_back("DbGroups.DbGroup." + std::to_string(i + 1), request.groups[i]);
  }
  AwsCall call{"redshift",
               request.region,
               aws_endpoint(environment, "redshift", request.region),
               {},
               form_of(form)};
  call.headers.set("content-type", "application/x-www-form-urlencoded; charset=utf-8");
  return call;
}

RedshiftLogin login_in_json(const std::string& body) {
  const JsonFields fields(body);
  return {fields.text("dbUser").value_or(""), Secret(fields.text("dbPassword").value_or(""))};
}

RedshiftLogin login_in_xml(const std::string& body) {
  pugi::xml_document document;
  (void)document.load_buffer(body.data(), body.size());
  const auto text = [&](std::string_view name) {
    return std::string(
        document.find_node([&](pugi::xml_node any) { return any.name() == name; }).child_value());
  };
  return {text("DbUser"), Secret(text("DbPassword"))};
}

Error refused(const HttpResponse& response, const RedshiftLoginRequest& request) {
  const std::string what = place_of(request) + ": no login (" + aws_error_text(response) + ")";
  if (response.status >= 500) return transient_error(what);
  return config_error(what, "allow " + action_of(request) +
                                " to these credentials, and check the name and the region " +
                                request.region + " (docs/redshift.md)");
}

}  // namespace

Result<RedshiftLogin> request_redshift_login(const RedshiftLoginRequest& request,
                                             CredentialsProvider& credentials,
                                             const AwsEnvironment& environment,
                                             const HttpOptions& http) {
  HttpClient client(http);
  const AwsCall call = is_serverless(request) ? serverless_call(request, environment)
                                              : cluster_call(request, environment);
  auto response = call_aws(client, &credentials, call, login_retry);
  if (!response) return std::move(response).error().within(place_of(request));
  if (response->status != 200) return refused(*response, request);
  RedshiftLogin login =
      is_serverless(request) ? login_in_json(response->body) : login_in_xml(response->body);
  if (!login.user.empty() && !login.password.empty()) return login;
  return transient_error(place_of(request) + ": the answer has no login; is it Redshift that " +
                         "answers?");
}

}  // namespace dray
