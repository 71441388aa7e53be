#include "aws/api.h"

#include <pugixml.hpp>

#include <algorithm>

#include "aws/error_code.h"
#include "aws/fields.h"
#include "aws/sigv4.h"
#include "base/hash.h"

namespace dray {
namespace {

constexpr std::size_t message_bytes_max = 300;

std::chrono::sys_seconds system_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

struct ErrorFields {
  std::string code;
  std::string message;
};

ErrorFields fields_of(const HttpResponse& response) {
  ErrorFields fields;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    // <ErrorResponse><Error>, of EC2's family <Response><Errors><Error>, or <Error> alone.
    const pugi::xml_node error = document.find_node(
        [](pugi::xml_node node) { return std::string_view(node.name()) == "Error"; });
    fields.code = error.child_value("Code");
    fields.message = error.child_value("Message");
    return fields;
  }
  const JsonFields json(response.body);
  fields.code =
      json.text("__type").value_or(std::string(response.headers.find("x-amzn-errortype")));
  // "com.amazonaws.redshift#AccessDenied:http://..."
  fields.code = fields.code.substr(fields.code.find('#') + 1);
  fields.code = fields.code.substr(0, fields.code.find(':'));
  fields.message = json.text("message").value_or(json.text("Message").value_or(""));
  return fields;
}

}  // namespace

std::string form_of(const HttpParameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    if (!form.empty()) form += '&';
    form += uri_encode(name) + '=' + uri_encode(value);
  }
  return form;
}

std::string aws_error_code(const HttpResponse& response) { return fields_of(response).code; }

std::string aws_error_text(const HttpResponse& response) {
  ErrorFields fields = fields_of(response);
  std::string text =
      fields.code.empty() ? "HTTP " + std::to_string(response.status) : std::move(fields.code);
  if (!fields.message.empty()) text += ": " + fields.message.substr(0, message_bytes_max);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

Result<HttpResponse> call_aws(HttpClient& http, CredentialsProvider* credentials,
                              const AwsCall& call, const RetryPolicy& retry) {
  DRAY_ASSIGN(HttpRequest base, request_to(call.url));
  base.method = "POST";
  base.headers = call.headers;
  base.body = call.body;
  std::chrono::seconds offset{0};
  bool clock_set = false;
  bool renewed = false;
  for (unsigned failures = 0;;) {
    HttpRequest request = base;
    Credentials used;
    if (credentials != nullptr) {
      DRAY_ASSIGN(used, credentials->get());
      sign_request(request, used, {call.region, call.service, system_now() + offset},
                   sha256_hex(call.body));
    }
    auto response = http.send(request);
    std::string retry_after;
    if (!response) {
      if (response.error().cause != Cause::transient) return response;
    } else {
      if (response->status / 100 == 2) return response;
      const std::string code = aws_error_code(*response);
      if (is_clock_skew(code) && !clock_set) {
        clock_set = true;
        offset = clock_offset(*response, system_now()).value_or(offset);
        continue;
      }
      if (credentials != nullptr && is_expired_credentials(code) && !renewed) {
        renewed = true;
        credentials->refused(used);
        continue;
      }
      if (!is_worth_retrying(response->status, code)) return response;
      retry_after = response->headers.find("retry-after");
    }
    if (++failures >= retry.attempts_max) return response;
    DRAY_TRY(pause_before(retry, failures, retry_after, http.options().stop));
  }
}

Result<HttpResponse> send_retrying(HttpClient& http, const HttpRequest& request,
                                   const RetryPolicy& retry) {
  for (unsigned attempt = 1;; ++attempt) {
    auto response = http.send(request);
    const bool is_over = response ? !is_worth_retrying(response->status, "")
                                  : response.error().cause != Cause::transient;
    if (is_over || attempt == retry.attempts_max) return response;
    DRAY_TRY(pause_before(retry, attempt, "", http.options().stop));
  }
}

std::string aws_endpoint(const AwsEnvironment& environment, const std::string& service,
                         const std::string& region) {
  std::string variable = "AWS_ENDPOINT_URL_" + service;
  std::ranges::transform(variable, variable.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (auto endpoint = environment(variable)) return *std::move(endpoint);
  if (auto endpoint = environment("AWS_ENDPOINT_URL")) return *std::move(endpoint);
  const std::string domain = region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return "https://" + service + '.' + region + domain;
}

}  // namespace dray
