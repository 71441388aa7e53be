// CLI11's types by name, for headers that take them: its own header takes seconds to read.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): so CLI11 calls it.
class App;
class ParseError;
}  // namespace CLI
