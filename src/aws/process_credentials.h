// Credentials that a program of the user's prints: a profile's credential_process.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace dray {

// Longer than a person needs to confirm something on a phone.
constexpr std::chrono::seconds process_timeout{60};

// Runs `command` and reads what it prints. No shell runs it: blanks part the words, quotes and
// backslashes hold them together, and nothing in them stands for something else. It gets no input,
// and its standard error is thrown away: programs of this kind print secrets. Whatever it started
// ends with it, at the latest after `timeout`.
//
// Errors: `config` without anything that it printed or was given beside its name; `cancelled`.
Result<Credentials> process_credentials(const std::string& command,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop);

}  // namespace dray
