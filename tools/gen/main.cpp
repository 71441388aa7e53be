// dray-gen: writes a tree of raw event logs that looks like one a Segment-style pipeline leaves
// behind.

#include <CLI/CLI.hpp>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gen/generator.h"
#include "gen/schedule.h"
#include "gen/text.h"
#include "gen/writer.h"

namespace dray::gen {
namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

// Lines go to the compressor in pieces of about this size: small enough to stay in the cache of a
// core.
constexpr std::size_t piece_bytes = 128 * 1024;

constexpr unsigned threads_max = 256;

struct Command {
  Options options;
  Split split;
  std::filesystem::path out;
  int level = 6;
  unsigned threads = 1;
};

struct Outcome {
  Counts counts;
  std::uint64_t stored_bytes = 0;
  Failure failure;
};

Failure write_object(const Command& command, const Generator& generator,
                     const Objects::Object& object, Compressor& compressor, std::string& piece,
                     Outcome& outcome) {
  ObjectWriter writer{compressor, command.out / object.key};
  if (auto failure = writer.open()) return failure;
  for (std::uint64_t index = object.first; index < object.end; ++index) {
    generator.append(index, piece, outcome.counts);
    if (piece.size() < piece_bytes && index + 1 < object.end) continue;
    if (auto failure = writer.write(piece)) return failure;
    piece.clear();
  }
  if (auto failure = writer.publish()) return failure;
  outcome.stored_bytes += writer.stored_bytes();
  return std::nullopt;
}

// Takes objects until there are none left or one has failed anywhere.
Outcome work(const Command& command, const Generator& generator, const Objects& objects,
             std::atomic<std::uint64_t>& next) {
  Outcome outcome;
  const auto compressor = make_compressor(command.split.format, command.level);
  if (compressor == nullptr) {
    outcome.failure = "out of memory";
    return outcome;
  }
  std::string piece;
  piece.reserve(2 * piece_bytes);
  while (true) {
    const std::uint64_t number = next.fetch_add(1);
    if (number >= objects.count()) return outcome;
    outcome.failure =
        write_object(command, generator, objects.at(number), *compressor, piece, outcome);
    if (!outcome.failure) continue;
    next.store(objects.count());
    return outcome;
  }
}

Outcome generate(const Command& command, const Generator& generator, const Objects& objects) {
  std::atomic<std::uint64_t> next{0};
  std::vector<Outcome> outcomes(command.threads);
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < command.threads; ++i) {
      others.emplace_back([&, i] { outcomes[i] = work(command, generator, objects, next); });
    }
    outcomes[0] = work(command, generator, objects, next);
  }
  Outcome all;
  for (const Outcome& outcome : outcomes) {
    all.counts += outcome.counts;
    all.stored_bytes += outcome.stored_bytes;
    if (!all.failure) all.failure = outcome.failure;
  }
  return all;
}

void print_summary(const Outcome& outcome, std::uint64_t objects) {
  const Counts& counts = outcome.counts;
  std::string line;
  put(line, "{\"events\":", counts.events, ",\"lines\":", counts.lines,
      ",\"raw_bytes\":", counts.raw_bytes, ",\"objects\":", objects,
      ",\"duplicates\":", counts.duplicates, ",\"bad\":", counts.bad, ",\"late\":", counts.late,
      ",\"conflicts\":", counts.conflicts, ",\"stored_bytes\":", outcome.stored_bytes, "}\n");
  std::fwrite(line.data(), 1, line.size(), stdout);
}

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "dray-gen: %s\n", what.c_str());
  return code;
}

// The flags that need more than a number are kept as text until they have been checked.
struct Texts {
  std::string mix;
  std::string start;
  std::string layout = "segment";
  std::string format = "gz";
  double duplicates = 0;
  double late = 0;
  double conflicts = 0;
  double bad = 0;
  double nulls = 0;
};

void declare(CLI::App& app, Command& command, Texts& texts) {
  Options& options = command.options;
  Split& split = command.split;
  app.add_option("--out", command.out, "Directory to write below")->required()->type_name("DIR");
  app.add_option("--events", options.events, "Events to write")->capture_default_str();
  app.add_option("--seed", options.seed, "The same seed and flags give the same lines")
      ->capture_default_str();
  app.add_option("--kinds", options.kinds, "Kinds of track event")->capture_default_str();
  app.add_option("--width", options.width,
                 "Properties of each track event (default: as a shop sends them)");
  app.add_option("--mix", texts.mix,
                 "Weights of the types: track=70,page=15,identify=8,screen=4,group=2,alias=1");
  app.add_option("--users", options.users, "Users (default: one for every 30 events)");
  app.add_option("--days", options.days, "Days that the events spread over")->capture_default_str();
  app.add_option("--start", texts.start, "First day, UTC (default: 2026-11-01)");
  auto* files = app.add_option("--files", split.files, "Objects in all");
  app.add_option("--file-events", split.file_events, "Events in an object")
      ->capture_default_str()
      ->excludes(files);
  app.add_option("--duplicates", texts.duplicates, "Percent of the events that are sent again");
  app.add_option("--late", texts.late, "Percent of the events that are received days later");
  app.add_option("--conflicts", texts.conflicts,
                 "Percent of the events with a property of another type");
  app.add_option("--bad", texts.bad, "Bad lines, in percent of the events");
  app.add_option("--nulls", texts.nulls, "Percent of the properties that are null");
  app.add_option("--source-id", options.source_id, "Id of the source, part of the keys")
      ->capture_default_str();
  app.add_option("--layout", texts.layout, "segment, rudder or flat")->capture_default_str();
  app.add_option("--format", texts.format, "gz, zst or json")->capture_default_str();
  app.add_option("--level", command.level, "Of the compression")->capture_default_str();
  app.add_option("--threads", command.threads, "Objects written at the same time")
      ->capture_default_str();
}

std::uint32_t ppm(double percent) {
  // What is out of range stays so, for fault_of() to see.
  if (!(percent >= 0 && percent <= 100)) return ~0U;
  return static_cast<std::uint32_t>(std::llround(percent * 10'000));
}

Failure complete(Command& command, const Texts& texts, bool days_given) {
  Options& options = command.options;
  if (!texts.mix.empty()) {
    const auto mix = parse_mix(texts.mix);
    if (!mix) return "--mix must be like track=70,page=15,identify=8,screen=4,group=2,alias=1";
    options.mix = *mix;
  }
  if (!texts.start.empty()) {
    const auto start = parse_date(texts.start);
    if (!start) return "--start must be a date like 2026-11-01";
    options.start = *start;
  }
  const std::map<std::string, Layout> layouts{
      {"segment", Layout::segment}, {"rudder", Layout::rudder}, {"flat", Layout::flat}};
  const std::map<std::string, Format> formats{
      {"gz", Format::gz}, {"zst", Format::zst}, {"json", Format::json}};
  const auto layout = layouts.find(texts.layout);
  if (layout == layouts.end()) return "--layout must be segment, rudder or flat";
  command.split.layout = layout->second;
  const auto format = formats.find(texts.format);
  if (format == formats.end()) return "--format must be gz, zst or json";
  command.split.format = format->second;
  if (command.threads == 0 || command.threads > threads_max)
    return "--threads must be from 1 to 256";

  options.duplicates_ppm = ppm(texts.duplicates);
  options.late_ppm = ppm(texts.late);
  options.conflicts_ppm = ppm(texts.conflicts);
  options.bad_ppm = ppm(texts.bad);
  options.nulls_ppm = ppm(texts.nulls);
  // Each day needs an object, so fewer objects than the usual days mean fewer days.
  if (!days_given && command.split.files && *command.split.files != 0 &&
      *command.split.files < options.days) {
    options.days = static_cast<std::uint32_t>(*command.split.files);
  }
  if (auto failure = fault_of(options, command.split)) return failure;
  return level_fault(command.split.format, command.level);
}

int run(int argc, char** argv) {
  Command command;
  Texts texts;
  CLI::App app{"Writes realistic raw event logs, the same ones for the same flags.", "dray-gen"};
  declare(app, command, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (const auto failure = complete(command, texts, app.count("--days") != 0))
    return complain(*failure, exit_usage);

  const Generator generator{command.options};
  const Objects objects{command.options, command.split, generator.schedule()};
  const Outcome outcome = generate(command, generator, objects);
  if (outcome.failure) return complain(*outcome.failure, exit_failure);
  print_summary(outcome, objects.count());
  return 0;
}

}  // namespace
}  // namespace dray::gen

int main(int argc, char** argv) {
  try {
    return dray::gen::run(argc, argv);
  } catch (const std::exception& error) {
    return dray::gen::complain(error.what(), dray::gen::exit_failure);
  }
}
