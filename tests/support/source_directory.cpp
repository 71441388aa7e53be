#include "support/source_directory.h"

namespace dray::testing_support {

std::string in_source(std::string_view relative) {
  return std::string(DRAY_SOURCE_DIR "/").append(relative);
}

}  // namespace dray::testing_support
