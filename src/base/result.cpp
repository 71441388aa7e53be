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

Error Error::within(std::string_view context) && {
  std::string text;
  text.reserve(context.size() + 2 + message.size());
  text.append(context).append(": ").append(message);
  return {cause, std::move(text)};
}

void assert_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "dray: bug: %s is false at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace dray
