#include "base/result.h"

#include <cstdio>

namespace dray {

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::transient:
      return "transient";
    case Cause::bad_data:
      return "bad data";
    case Cause::config:
      return "configuration";
    case Cause::in_doubt:
      return "in doubt";
    case Cause::cancelled:
      return "cancelled";
    case Cause::internal:
      return "internal";
  }
  return "internal";
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::none:
      return "";
    case ErrorCode::overtaken:
      return "overtaken";
    case ErrorCode::begin_again:
      return "begin_again";
    case ErrorCode::disk_full:
      return "disk_full";
    case ErrorCode::out_of_memory:
      return "out_of_memory";
    case ErrorCode::missing_right:
    case ErrorCode::missing_table_right:
      return "missing_right";
    case ErrorCode::constraint:
    case ErrorCode::reference:
    case ErrorCode::own_constraint:
      return "constraint";
    case ErrorCode::in_use:
      return "in_use";
    case ErrorCode::not_connected:
      return "not_connected";
  }
  return "";
}

std::string_view to_string(Actor actor) {
  switch (actor) {
    case Actor::nobody:
      return "nobody";
    case Actor::user:
      return "user";
    case Actor::admin:
      return "admin";
    case Actor::sender:
      return "sender";
    case Actor::developers:
      return "developers";
  }
  return "developers";
}

Error Error::within(std::string_view context) && {
  message.insert(0, std::string(context).append(": "));
  return std::move(*this);
}

Error Error::with_code(ErrorCode what) && {
  code = what;
  return std::move(*this);
}

Error Error::with_cause(Cause what) && {
  cause = what;
  return std::move(*this);
}

Actor Error::actor() const {
  switch (code) {
    case ErrorCode::missing_right:
    case ErrorCode::missing_table_right:
    case ErrorCode::constraint:
    case ErrorCode::reference:
    case ErrorCode::own_constraint:
    case ErrorCode::in_use:
      return Actor::admin;
    default:
      break;
  }
  switch (cause) {
    case Cause::transient:
    case Cause::in_doubt:
    case Cause::cancelled:
      return Actor::nobody;
    case Cause::bad_data:
      return Actor::sender;
    case Cause::config:
      return Actor::user;
    case Cause::internal:
      return remedy.empty() ? Actor::developers : Actor::user;
  }
  return Actor::developers;
}

std::string Error::text() const { return remedy.empty() ? message : message + "\ntry: " + remedy; }

void assert_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "dray: bug: %s is false at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace dray
