#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/code_point.h"
#include "cli/format.h"

namespace dray {
namespace {

using namespace std::chrono_literals;

// Ten times a second looks alive and costs nothing.
constexpr auto bar_interval = 100ms;
// A log wants to know that it goes on, not to be filled.
constexpr auto line_interval = 10s;
// Before that a guess at the time left is noise.
constexpr auto guess_after = 2s;
constexpr std::size_t bar_columns = 20;
constexpr std::size_t bar_columns_narrow = 8;
// Nobody knows before the rows are read how fast the warehouse takes them. A guess: as long again
// as the reading. Once the loading has begun its own rate is told.
constexpr double loading_per_reading = 1.0;

std::string_view name_of(SyncProgress::Phase phase) {
  switch (phase) {
    case SyncProgress::Phase::listing:
      return "listing";
    case SyncProgress::Phase::reading:
      return "reading";
    case SyncProgress::Phase::loading:
      return "loading";
    case SyncProgress::Phase::done:
      return "finishing";
  }
  return "";
}

// How much of the current phase is done, from 0 to 1; nothing while nobody can know.
std::optional<double> share_done(const ProgressSnapshot& at) {
  const bool loading = at.phase == SyncProgress::Phase::loading;
  const std::uint64_t total = loading ? at.rows_total : at.bytes_total;
  const std::uint64_t done = loading ? at.rows_loaded : at.bytes_done;
  if (total == 0 || at.phase == SyncProgress::Phase::listing) return std::nullopt;
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
}

std::string bar_of(double share, std::size_t columns) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(columns));
  std::string out = "[" + std::string(full, '=');
  if (full < columns) out += '>' + std::string(columns - full - 1, ' ');
  return out + "] ";
}

std::string percent_of(double share) {
  const std::string percent = std::to_string(static_cast<int>(share * 100));
  return std::string(3 - std::min<std::size_t>(percent.size(), 3), ' ') + percent + "%";
}

std::string amounts(const ProgressSnapshot& at) {
  if (at.phase == SyncProgress::Phase::listing) return "";
  if (at.phase == SyncProgress::Phase::reading) {
    return with_thousands(at.objects_done) + "/" + counted(at.objects_total, "object") + "  " +
           human_bytes(at.bytes_done) + "/" + human_bytes(at.bytes_total);
  }
  return with_thousands(at.rows_loaded) + "/" + counted(at.rows_total, "row");
}

std::string rate(const ProgressSnapshot& at, std::chrono::milliseconds elapsed) {
  const bool loading = at.phase == SyncProgress::Phase::loading;
  const std::uint64_t done = loading ? at.rows_loaded : at.lines;
  const double seconds = static_cast<double>(elapsed.count()) / 1e3;
  if (done == 0 || seconds < 0.5) return "";
  const auto per_second = static_cast<std::uint64_t>(static_cast<double>(done) / seconds);
  return "  " + with_thousands(per_second) + (loading ? " rows/s" : " lines/s");
}

// The whole run's: what is read has to be loaded too.
std::string time_left(SyncProgress::Phase phase, double share, std::chrono::milliseconds elapsed) {
  if (share <= 0.01 || elapsed < guess_after) return "";
  const double whole = static_cast<double>(elapsed.count()) / 1e3 / share;  // of the phase
  const double behind = phase == SyncProgress::Phase::reading ? loading_per_reading : 0;
  const double left = whole * (1 - share + behind);
  return "  " + clock_time(std::chrono::seconds(std::llround(left))) + " left";
}

}  // namespace

ProgressSnapshot snapshot_of(const SyncProgress& progress) {
  ProgressSnapshot at;
  at.phase = progress.phase.load();
  at.objects_total = progress.objects_total.load();
  at.objects_done = progress.objects_done.load();
  at.bytes_total = progress.bytes_total.load();
  at.bytes_done = progress.bytes_done.load();
  at.lines = progress.lines.load();
  at.rows_total = progress.rows_total.load();
  at.rows_loaded = progress.rows_loaded.load();
  return at;
}

std::string progress_bar(std::string_view title, const ProgressSnapshot& at,
                         std::chrono::milliseconds elapsed, std::size_t columns) {
  const auto share = share_done(at);
  const std::string left = share ? time_left(at.phase, *share, elapsed) : "";
  const std::string amount = amounts(at);
  const auto with_bar = [&](std::size_t bar) {
    std::string out = printable(title) + "  " + std::string(name_of(at.phase));
    if (share) out += " " + (bar > 0 ? bar_of(*share, bar) : "") + percent_of(*share) + left;
    return out;
  };
  const std::string amount_text = amount.empty() ? "" : "  " + amount;
  // What a narrow terminal has no room for is left out, whole.
  for (const std::string& form :
       {with_bar(bar_columns) + amount_text + rate(at, elapsed),
        with_bar(bar_columns) + amount_text, with_bar(bar_columns), with_bar(bar_columns_narrow)}) {
    if (display_width(form) <= columns) return form;
  }
  return cut_to_width(with_bar(0), columns);
}

std::string progress_line(std::string_view title, const ProgressSnapshot& at) {
  std::string out = printable(title) + ": ";
  out += name_of(at.phase);
  if (at.phase == SyncProgress::Phase::reading) {
    out += ": " + with_thousands(at.objects_done) + " of " + counted(at.objects_total, "object") +
           ", " + human_bytes(at.bytes_done) + " of " + human_bytes(at.bytes_total) + ", " +
           counted(at.lines, "line");
  } else if (at.phase == SyncProgress::Phase::loading) {
    out += ": " + with_thousands(at.rows_loaded) + " of " + counted(at.rows_total, "row");
  }
  return out;
}

ProgressDisplay::ProgressDisplay(const Environment& environment, ProgressForm form,
                                 std::string title, const SyncProgress& progress)
    : environment_(environment), form_(form), title_(std::move(title)), progress_(progress) {
  if (form_ != ProgressForm::none) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
}

ProgressDisplay::~ProgressDisplay() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const std::scoped_lock lock(mutex_);
  clear();
}

void ProgressDisplay::say(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  clear();
  environment_.err << line << std::endl;
}

void ProgressDisplay::run(const std::stop_token& stop) {
  const std::chrono::milliseconds interval = form_ == ProgressForm::bar
                                                 ? std::chrono::milliseconds(bar_interval)
                                                 : std::chrono::milliseconds(line_interval);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, interval, [&] { return stop.stop_requested(); });
    if (!stop.stop_requested()) draw(std::chrono::steady_clock::now());
  }
}

void ProgressDisplay::draw(std::chrono::steady_clock::time_point now) {
  const ProgressSnapshot at = snapshot_of(progress_);
  if (form_ == ProgressForm::lines) {
    environment_.err << progress_line(title_, at) << std::endl;
    return;
  }
  if (at.phase != phase_) {
    phase_ = at.phase;
    phase_began_ = now;
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - phase_began_);
  // A full last column would make some terminals go to the next line.
  const std::size_t columns = std::max<std::size_t>(environment_.err_terminal.columns, 20) - 1;
  environment_.err << '\r' << progress_bar(title_, at, elapsed, columns) << "\033[K" << std::flush;
  bar_is_drawn_ = true;
}

void ProgressDisplay::clear() {
  if (!bar_is_drawn_) return;
  environment_.err << "\r\033[K" << std::flush;
  bar_is_drawn_ = false;
}

}  // namespace dray
