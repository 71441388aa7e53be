#include "aws/credentials.h"

#include <array>
#include <charconv>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "aws/metadata.h"
#include "aws/process_credentials.h"
#include "aws/sso.h"
#include "aws/sts.h"

namespace dray {
namespace {

// Longer than any one request takes, shorter than any token lives.
constexpr std::chrono::minutes renewed_before_expiry{5};

class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> get() override { return credentials_; }
  void refused(const Credentials&) override {}

 private:
  const Credentials credentials_;
};

// Keeps what `fetch` gave until it is about to expire. Those who need it meanwhile wait for one
// call.
class RenewedCredentials final : public CredentialsProvider {
 public:
  explicit RenewedCredentials(std::function<Result<Credentials>()> fetch)
      : fetch_(std::move(fetch)) {}

  Result<Credentials> get() override {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::system_clock::now();
    if (known_ && (!known_->expires || now + renewed_before_expiry < *known_->expires)) {
      return *known_;
    }
    auto fetched = fetch_();
    if (fetched) {
      known_ = *fetched;
      return fetched;
    }
    // The old ones do for the moment; the next call tries again.
    if (known_ && now < *known_->expires) return *known_;
    return fetched;
  }

  void refused(const Credentials& credentials) override {
    const std::scoped_lock lock(mutex_);
    if (known_ == credentials) known_.reset();
  }

 private:
  const std::function<Result<Credentials>()> fetch_;
  std::mutex mutex_;
  std::optional<Credentials> known_;
};

// One search through all places.
class Chain {
 public:
  explicit Chain(const CredentialsOptions& options) : options_(options) {}

  Result<Credentials> find() const {
    DRAY_ASSIGN(Credentials found, find_base());
    if (options_.role_arn.empty()) return found;
    return assume({options_.role_arn, options_.external_id, {}}, std::move(found));
  }

 private:
  using Maybe = Result<std::optional<Credentials>>;

  Result<Credentials> find_base() const {
    using Step = Maybe (Chain::*)() const;
    constexpr std::array<Step, 5> steps = {&Chain::from_environment, &Chain::from_profiles,
                                           &Chain::from_web_identity, &Chain::from_container,
                                           &Chain::from_instance};
    for (const Step step : steps) {
      DRAY_ASSIGN(std::optional<Credentials> found, (this->*step)());
      if (found) return *std::move(found);
      // A profile that was asked for by name is the one to use.
      if (step == &Chain::from_profiles && !options_.profile.empty()) break;
    }
    return config_error(
        "no AWS credentials found. Looked for AWS_ACCESS_KEY_ID, " + profile_text() +
            " in ~/.aws/credentials and ~/.aws/config, AWS_WEB_IDENTITY_TOKEN_FILE, "
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and the metadata of an EC2 instance",
        "aws configure, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; on EC2 in a "
        "container the instance's metadata hop limit has to be 2");
  }

  std::string profile_name() const {
    if (!options_.profile.empty()) return options_.profile;
    return options_.environment("AWS_PROFILE").value_or("default");
  }
  std::string profile_text() const { return "the profile \"" + profile_name() + "\""; }

  StsEndpoint sts(const std::string& region) const {
    return sts_endpoint(options_.environment, region, options_.http);
  }

  Result<Credentials> assume(const Role& role, Credentials base) const {
    return assume_role(sts(options_.region), role, *fixed_credentials(std::move(base)));
  }

  Maybe from_environment() const {
    if (!options_.profile.empty()) return std::optional<Credentials>();
    return environment_keys();
  }

  Maybe environment_keys() const {
    const auto id = options_.environment("AWS_ACCESS_KEY_ID");
    const auto secret = options_.environment("AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) return std::optional<Credentials>();
    if (!id || !secret) {
      return config_error(
          std::string(id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") + " is set without " +
          (id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") + "; set both or neither");
    }
    Credentials credentials;
    credentials.access_key_id = *id;
    credentials.secret_access_key = Secret(*secret);
    credentials.session_token = Secret(options_.environment("AWS_SESSION_TOKEN").value_or(""));
    return std::optional(std::move(credentials));
  }

  Maybe from_profiles() const {
    DRAY_ASSIGN(const AwsFiles files, read_aws_files(options_.environment));
    const std::string name = profile_name();
    if (!files.profiles.contains(name)) {
      const bool is_asked_for =
          !options_.profile.empty() || options_.environment("AWS_PROFILE").has_value();
      if (!is_asked_for) return std::optional<Credentials>();
      return config_error("there is no " + profile_text().substr(4) +
                          " in ~/.aws/config or ~/.aws/credentials; check the name, or list "
                          "them: aws configure list-profiles");
    }
    std::set<std::string> visited;
    return from_profile(files, name, visited);
  }

  Maybe from_profile(const AwsFiles& files, const std::string& name,
                     std::set<std::string>& visited) const {
    const auto found = files.profiles.find(name);
    const std::string where = "profile \"" + name + "\": ";
    if (found == files.profiles.end())
      return config_error(where + "is named as a source_profile, and is not there");
    const AwsProfile& profile = found->second;
    const bool is_first_visit = visited.insert(name).second;
    // A profile may be its own source: then its keys are meant.
    if (!value_of(profile, "role_arn").empty() && is_first_visit) {
      return some(assume_profile_role(files, profile, where, visited));
    }
    const std::string id = value_of(profile, "aws_access_key_id");
    const std::string secret = value_of(profile, "aws_secret_access_key");
    if (!id.empty() && !secret.empty()) {
      Credentials credentials;
      credentials.access_key_id = id;
      credentials.secret_access_key = Secret(secret);
      credentials.session_token = Secret(value_of(profile, "aws_session_token"));
      return std::optional(std::move(credentials));
    }
    if (!id.empty() || !secret.empty()) {
      return config_error(where + "has only one of aws_access_key_id and aws_secret_access_key");
    }
    if (!is_first_visit) return config_error(where + "is a source_profile of itself, in a circle");
    if (!value_of(profile, "sso_session").empty() || !value_of(profile, "sso_start_url").empty()) {
      return some(from_sso(files, profile, name));
    }
    const std::string command = value_of(profile, "credential_process");
    if (command.empty()) return std::optional<Credentials>();
    auto printed = process_credentials(command, process_timeout, options_.http.stop);
    if (!printed) return std::move(printed).error().within("profile \"" + name + "\"");
    return some(std::move(printed));
  }

  static Maybe some(Result<Credentials> credentials) {
    if (!credentials) return std::move(credentials).error();
    return std::optional(std::move(credentials).value());
  }

  Result<Credentials> from_sso(const AwsFiles& files, const AwsProfile& profile,
                               const std::string& name) const {
    SsoAccess access{.profile = name,
                     .session = value_of(profile, "sso_session"),
                     .start_url = {},
                     .region = {},
                     .account_id = value_of(profile, "sso_account_id"),
                     .role_name = value_of(profile, "sso_role_name")};
    const auto session = files.sso_sessions.find(access.session);
    const std::string where = "profile \"" + name + "\": ";
    if (!access.session.empty() && session == files.sso_sessions.end()) {
      return config_error(where + "there is no [sso-session " + access.session +
                          "] in ~/.aws/config");
    }
    const AwsProfile& portal = access.session.empty() ? profile : session->second;
    access.start_url = value_of(portal, "sso_start_url");
    access.region = value_of(portal, "sso_region");
    if (access.start_url.empty() || access.region.empty() || access.account_id.empty() ||
        access.role_name.empty()) {
      return config_error(where +
                              "single sign-on needs sso_start_url, sso_region, sso_account_id and "
                              "sso_role_name",
                          "aws configure sso --profile " + name);
    }
    return sso_credentials(options_.environment, access, options_.http);
  }

  Result<Credentials> assume_profile_role(const AwsFiles& files, const AwsProfile& profile,
                                          const std::string& where,
                                          std::set<std::string>& visited) const {
    Role role{value_of(profile, "role_arn"), value_of(profile, "external_id"),
              value_of(profile, "role_session_name")};
    if (const std::string text = value_of(profile, "duration_seconds"); !text.empty()) {
      std::int64_t seconds = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
      if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
        return config_error(where + "duration_seconds is not a number");
      }
      role.duration = std::chrono::seconds(seconds);
    }
    if (!value_of(profile, "mfa_serial").empty()) {
      return config_error(where +
                          "asks for a code (mfa_serial), and nobody is there to type one; "
                          "use a role without it");
    }
    const StsEndpoint endpoint =
        sts(options_.region.empty() ? value_of(profile, "region") : options_.region);
    if (const std::string file = value_of(profile, "web_identity_token_file"); !file.empty()) {
      return assume_role_with_token(endpoint, role, file);
    }
    DRAY_ASSIGN(std::optional<Credentials> base, source_of(files, profile, where, visited));
    if (!base) return config_error(where + "its source has no credentials");
    return assume_role(endpoint, role, *fixed_credentials(*std::move(base)));
  }

  Maybe source_of(const AwsFiles& files, const AwsProfile& profile, const std::string& where,
                  std::set<std::string>& visited) const {
    if (const std::string source = value_of(profile, "source_profile"); !source.empty()) {
      return from_profile(files, source, visited);
    }
    const std::string source = value_of(profile, "credential_source");
    if (source == "Environment") return environment_keys();
    if (source == "EcsContainer") return from_container();
    if (source == "Ec2InstanceMetadata") return from_instance();
    return config_error(where +
                        "has a role_arn without source_profile, or credential_source "
                        "Environment, EcsContainer or Ec2InstanceMetadata");
  }

  Maybe from_web_identity() const {
    const auto file = options_.environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!file) return std::optional<Credentials>();
    const auto arn = options_.environment("AWS_ROLE_ARN");
    if (!arn) return config_error("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
    const Role role{*arn, {}, options_.environment("AWS_ROLE_SESSION_NAME").value_or("")};
    DRAY_ASSIGN(Credentials credentials, assume_role_with_token(sts(options_.region), role, *file));
    return std::optional(std::move(credentials));
  }

  Maybe from_container() const {
    return container_credentials(options_.environment, options_.http);
  }
  Maybe from_instance() const { return instance_credentials(options_.environment, options_.http); }

  const CredentialsOptions& options_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> fixed_credentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

std::shared_ptr<CredentialsProvider> credentials_chain(CredentialsOptions options) {
  return std::make_shared<RenewedCredentials>(
      [options = std::move(options)] { return Chain(options).find(); });
}

}  // namespace dray
