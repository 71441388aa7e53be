#include "app/source.h"

#include "aws/credentials.h"
#include "aws/environment.h"
#include "source/directory.h"
#include "source/s3.h"

namespace dray {
namespace {

bool is_in_s3(const SourceConfig& source) { return source.location.starts_with("s3://"); }

S3Addressing addressing_of(const S3Settings& settings) {
  if (!settings.path_style) return S3Addressing::automatic;
  return *settings.path_style ? S3Addressing::path : S3Addressing::virtual_host;
}

const std::string& first_set(const std::string& own, const std::string& other) {
  return own.empty() ? other : own;
}

}  // namespace

Result<std::shared_ptr<S3Client>> open_s3_client(const S3Settings& settings, std::stop_token stop,
                                                 Trace trace) {
  CredentialsOptions credentials;
  credentials.environment = process_environment();
  DRAY_ASSIGN(const AwsConnection connection,
              find_aws_connection(credentials.environment, settings.profile));
  S3Options options;
  options.region = first_set(settings.region, connection.region);
  options.endpoint = first_set(settings.endpoint, connection.endpoint);
  options.addressing = addressing_of(settings);
  options.requester_pays = settings.requester_pays ? RequesterPays::yes : RequesterPays::no;
  options.http.ca_file = first_set(settings.ca_file, connection.ca_file);
  options.http.stop = std::move(stop);
  options.http.trace = std::move(trace);
  credentials.profile = settings.profile;
  credentials.role_arn = settings.role_arn;
  credentials.external_id = settings.external_id;
  credentials.region = options.region;
  credentials.http = options.http;
  return open_s3(std::move(options), credentials_chain(std::move(credentials)));
}

Result<std::unique_ptr<ObjectStore>> open_source(const SourceConfig& source, std::stop_token stop,
                                                 Trace trace) {
  if (!is_in_s3(source)) return open_directory(source.location, std::move(stop), source.called);
  DRAY_ASSIGN(S3Url url, parse_s3_url(source.location));
  DRAY_ASSIGN(std::shared_ptr<S3Client> client,
              open_s3_client(source, std::move(stop), std::move(trace)));
  return open_s3_store(std::move(client), std::move(url));
}

Result<void> check_source(const SourceConfig& source) {
  if (!is_in_s3(source)) return check_directory(source.location, source.called);
  DRAY_ASSIGN(const S3Url url, parse_s3_url(source.location));
  DRAY_ASSIGN(const std::shared_ptr<S3Client> client, open_s3_client(source, {}));
  return check_s3_store(*client, url);
}

}  // namespace dray
