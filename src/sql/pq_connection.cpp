#include "sql/pq_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/message.h"
#include "base/quotable.h"
#include "sql/pq_result.h"
#include "sql/rights.h"
#include "sql/sqlstate.h"

namespace dray {
namespace {

// How long a server may take to confirm that it has cancelled a statement. Longer, and the
// connection is given up; the server then notices by itself.
constexpr std::chrono::seconds cancel_wait_max(15);

// What the caller left to us. A dead peer is noticed within minutes also while it is silent: some
// firewalls forget connections after five.
const PqParameters& standard_parameters() {
  static const PqParameters standard = {
      {"application_name", "dray"}, {"client_encoding", "UTF8"},    {"connect_timeout", "15"},
      {"keepalives", "1"},          {"keepalives_idle", "60"},      {"keepalives_interval", "20"},
      {"keepalives_count", "6"},    {"tcp_user_timeout", "180000"},
  };
  return standard;
}

}  // namespace

class PqConnection::Impl {
 public:
  explicit Impl(PqOptions options) : options_(std::move(options)), wake_(eventfd(0, EFD_CLOEXEC)) {
    DRAY_ASSERT(wake_ >= 0);
  }
  ~Impl() {
    PQfinish(connection_);
    ::close(wake_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> connect() {
    PqParameters parameters = options_.parameters;
    parameters.insert(standard_parameters().begin(), standard_parameters().end());
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : parameters) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_ = PQconnectdbParams(names.data(), values.data(), 0);
    DRAY_ASSERT(connection_ != nullptr);
    if (PQstatus(connection_) != CONNECTION_OK) {
      const Login login{view(PQuser(connection_)), view(PQdb(connection_)), options_.has_tls};
      // libpq and the server repeat values that they do not like.
      const std::string message = without_values(PQerrorMessage(connection_), unshown_values());
      return connect_error(message, login).within("connect to " + location());
    }
    PQsetNoticeReceiver(connection_, receive_notice, this);
    PQsetnonblocking(connection_, 1);
    for (const Sql& sql : options_.setup)
      DRAY_TRY(done(sql, nullptr));
    return check_encoding();
  }

  // A pooler between us and the server may have kept another session's.
  Result<void> check_encoding() const {
    const std::string_view encoding = pg_encoding_to_char(PQclientEncoding(connection_));
    if (encoding == "UTF8") return {};
    return config_error("the session with " + location() + " speaks " + std::string(encoding) +
                            ", and Dray asked for UTF8",
                        "connect to the server itself, not through "
                        "a pooler, or let the pooler pass on client_encoding");
  }

  // One statement to its end; `result`, if wanted, is its last.
  Result<void> done(const Sql& sql, PqResult* result) {
    DRAY_TRY(send(sql));
    return finish(result);
  }

  Result<void> each_row(const Sql& sql, const std::function<Result<void>(PqRow)>& row) {
    DRAY_TRY(send(sql));
    PQsetSingleRowMode(connection_);
    Result<void> outcome;
    std::vector<std::optional<std::string_view>> values;
    while (true) {
      DRAY_ASSIGN(const PqResult result, next_result());
      if (result == nullptr) return outcome;
      const ExecStatusType status = PQresultStatus(result.get());
      if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) {
        if (outcome) outcome = failure(result.get());
        continue;
      }
      if (!outcome) continue;
      values.resize(static_cast<std::size_t>(PQnfields(result.get())));
      for (int i = 0; outcome && i < PQntuples(result.get()); ++i) {
        for (std::size_t column = 0; column < values.size(); ++column)
          values[column] = value_at(result.get(), i, static_cast<int>(column));
        outcome = row(values);
      }
    }
  }

  Result<void> read(const Sql& sql,
                    const std::function<Result<void>(const std::vector<PqColumn>&)>& columns,
                    const std::function<Result<void>(PqRow)>& row) {
    DRAY_TRY(send(sql, Protocol::extended));
    PQsetSingleRowMode(connection_);
    Result<void> outcome;
    bool has_columns = false;
    std::vector<std::optional<std::string_view>> values;
    while (true) {
      DRAY_ASSIGN(const PqResult result, next_result());
      if (result == nullptr) return outcome;
      if (!outcome) continue;
      switch (PQresultStatus(result.get())) {
        case PGRES_SINGLE_TUPLE:
        case PGRES_TUPLES_OK:
          if (!std::exchange(has_columns, true)) outcome = columns(columns_of(result.get()));
          if (outcome) outcome = each_of(result.get(), values, row);
          if (!outcome) cancel();
          break;
        case PGRES_COMMAND_OK:
        case PGRES_EMPTY_QUERY:
          break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
          // Not by this protocol. The connection is of no more use.
          lost_ = true;
          return config_error("COPY cannot be used here");
        default:
          outcome = failure(result.get());
      }
    }
  }

  const std::string& last_sqlstate() const { return last_sqlstate_; }
  const std::string& last_table() const { return last_table_; }
  std::size_t last_position() const { return last_position_; }

  Result<void> commit() {
    committing_ = true;
    PqResult result;
    auto outcome = done(SqlBuilder("commit").done(), &result);
    committing_ = false;
    if (!outcome) {
      if (!lost_ && !leaves_commit_in_doubt(last_sqlstate_)) return outcome;
      return std::move(outcome).error().with_cause(Cause::in_doubt);
    }
    // A transaction in which something failed is rolled back by COMMIT, and that is no error.
    if (view(PQcmdStatus(result.get())) == "COMMIT") return {};
    return internal_error("COMMIT was answered by " + std::string(view(PQcmdStatus(result.get()))));
  }

  Result<void> begin_copy(const Sql& sql) {
    DRAY_TRY(send(sql));
    DRAY_ASSIGN(const PqResult result, next_result());
    if (result != nullptr && PQresultStatus(result.get()) == PGRES_COPY_IN) return {};
    Error error = result == nullptr ? internal_error("COPY gave no answer") : failure(result.get());
    DRAY_TRY(finish(nullptr));
    return error;
  }

  Result<void> put_copy(std::string_view bytes) {
    // libpq counts in int, and holds what the socket does not take.
    constexpr std::size_t piece_bytes = 1U << 20;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), piece_bytes))) {
      if (interrupted()) return abandon_copy();
      const std::string_view piece = bytes.substr(0, piece_bytes);
      if (PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) != 1) {
        return copy_failure();
      }
      DRAY_TRY(flush());
    }
    return {};
  }

  Result<std::uint64_t> end_copy() {
    if (interrupted()) return abandon_copy();
    if (PQputCopyEnd(connection_, nullptr) != 1) return copy_failure();
    DRAY_TRY(flush());
    PqResult result;
    DRAY_TRY(finish(&result));
    return rows_of(result.get());
  }

  std::vector<PqNotice> take_notices() { return std::exchange(notices_, {}); }
  void act_as(std::string user) { user_ = std::move(user); }
  bool is_in_transaction() const { return PQtransactionStatus(connection_) == PQTRANS_INTRANS; }
  int server_version() const { return PQserverVersion(connection_); }

  void interrupt() {
    interrupted_ = true;
    const std::uint64_t one = 1;
    // The counter stays readable: whoever waits later is woken too.
    (void)!::write(wake_, &one, sizeof one);
  }
  bool interrupted() const { return interrupted_ && !committing_; }

 private:
  const std::string& location() const { return options_.location; }

  // What a person gave beside what location() shows, the password first of all.
  std::vector<std::string> unshown_values() const {
    constexpr std::array shown =
        std::to_array<std::string_view>({"host", "port", "user", "dbname", "sslrootcert"});
    std::vector<std::string> values;
    constexpr std::array words = std::to_array<std::string_view>(
        {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"});
    for (const auto& [name, value] : options_.parameters) {
      const bool is_word = std::ranges::find(words, value) != words.end();
      if (!is_word && std::ranges::find(shown, name) == shown.end()) values.push_back(value);
    }
    return values;
  }

  static void receive_notice(void* self, const PGresult* result) {
    auto& notices = static_cast<Impl*>(self)->notices_;
    if (notices.size() == notices_max) notices.erase(notices.begin());
    const auto field = [&](int code) {
      return std::string(view(PQresultErrorField(result, code)));
    };
    // Servers before PostgreSQL 9.6 send the translated severity only.
    std::string severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity.empty()) severity = field(PG_DIAG_SEVERITY);
    notices.push_back(
        {std::move(severity), field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY)});
  }

  static Result<void> each_of(const PGresult* result,
                              std::vector<std::optional<std::string_view>>& values,
                              const std::function<Result<void>(PqRow)>& row) {
    values.resize(static_cast<std::size_t>(PQnfields(result)));
    for (int i = 0; i < PQntuples(result); ++i) {
      for (std::size_t column = 0; column < values.size(); ++column)
        values[column] = value_at(result, i, static_cast<int>(column));
      DRAY_TRY(row(values));
    }
    return {};
  }

  static std::vector<PqColumn> columns_of(const PGresult* result) {
    std::vector<PqColumn> columns;
    for (int i = 0; i < PQnfields(result); ++i) {
      const Oid type = PQftype(result, i);
      columns.push_back({PQfname(result, i), type_name(type), type, PQfmod(result, i)});
    }
    return columns;
  }

  enum class Protocol { simple, extended };
  Result<void> send(const Sql& sql, Protocol protocol = Protocol::simple) {
    if (lost_) return transient_error("the connection to " + location() + " was lost");
    if (interrupted()) return cancelled_error();
    if (options_.trace) options_.trace(sql.text());
    cancel_sent_ = false;
    whose_ = sql.is_typed() ? StatementOf::person : StatementOf::dray;
    last_sqlstate_.clear();
    last_table_.clear();
    statement_ = sql.text();
    last_position_ = 0;
    const char* text = sql.text().c_str();
    const int sent = protocol == Protocol::simple ? PQsendQuery(connection_, text)
                                                  : PQsendQueryParams(connection_, text, 0, nullptr,
                                                                      nullptr, nullptr, nullptr, 0);
    if (sent != 1) return lost();
    return flush();
  }

  // Reads results to the last; the first error is the outcome.
  Result<void> finish(PqResult* last) {
    Result<void> outcome;
    while (true) {
      auto next = next_result();
      if (!next) return outcome ? std::move(next).error() : outcome;
      PqResult result = std::move(next).value();
      if (result == nullptr) return outcome;
      switch (PQresultStatus(result.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
          if (last != nullptr) *last = std::move(result);
          break;
        case PGRES_COPY_IN:
          // Somebody typed it; nobody would feed it.
          PQputCopyEnd(connection_, "nothing to copy");
          break;
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
          if (outcome) outcome = config_error("COPY cannot be used here");
          DRAY_TRY(discard_copy());
          break;
        default:
          if (outcome) outcome = failure(result.get());
      }
    }
  }

  Result<void> discard_copy() {
    char* row = nullptr;
    while (true) {
      const int got = PQgetCopyData(connection_, &row, 1);
      PQfreemem(row);
      if (got < 0) return {};
      if (got == 0) DRAY_TRY(wait(POLLIN));
      if (got == 0 && PQconsumeInput(connection_) != 1) return lost();
    }
  }

  // Nothing at the statement's end.
  Result<PqResult> next_result() {
    while (PQisBusy(connection_) != 0) {
      DRAY_TRY(wait(POLLIN));
      if (PQconsumeInput(connection_) != 1) return lost();
    }
    PqResult result(PQgetResult(connection_));
    if (result != nullptr && PQresultStatus(result.get()) == PGRES_FATAL_ERROR &&
        PQstatus(connection_) == CONNECTION_BAD && server_error(result.get()).sqlstate.empty()) {
      return lost();
    }
    return result;
  }

  Result<void> flush() {
    while (true) {
      const int left = PQflush(connection_);
      if (left < 0) return lost();
      if (left == 0) return {};
      // A server that cannot go on may be waiting for us to read its messages.
      DRAY_TRY(wait(POLLIN | POLLOUT));
      if (PQconsumeInput(connection_) != 1) return lost();
    }
  }

  // Until the socket is ready. An interrupt cancels the statement, and then its end is waited for.
  Result<void> wait(short events) {
    while (true) {
      std::array<pollfd, 2> watched{{{PQsocket(connection_), events, 0}, {wake_, POLLIN, 0}}};
      const bool watch_wake = !committing_ && !cancel_sent_;
      const int timeout =
          cancel_sent_ ? static_cast<int>(std::chrono::milliseconds(cancel_wait_max).count()) : -1;
      const int ready = ::poll(watched.data(), watch_wake ? 2 : 1, timeout);
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return lost();
      if (ready == 0) {
        lost_ = true;
        return cancelled_error();
      }
      if (watched[0].revents != 0) return {};
      cancel();
    }
  }

  void cancel() {
    cancel_sent_ = true;
    std::array<char, 256> message{};
    PGcancel* cancel = PQgetCancel(connection_);
    if (cancel == nullptr) return;
    PQcancel(cancel, message.data(), static_cast<int>(message.size()));
    PQfreeCancel(cancel);
  }

  Error failure(const PGresult* result) {
    ServerError error = server_error(result);
    last_sqlstate_ = error.sqlstate;
    last_table_ = error.table;
    if (is_change_without_rows(statement_)) error.change = statement_;
    const std::string_view position = view(PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
    std::from_chars(position.data(), position.data() + position.size(), last_position_);
    if (PQstatus(connection_) == CONNECTION_BAD) lost_ = true;
    if (interrupted()) return cancelled_error();
    if (error.sqlstate.empty()) return transient_error(one_line(PQresultErrorMessage(result)));
    const RefusedStatement refused{error.message, statement_,
                                   user_.empty() ? view(PQuser(connection_)) : user_,
                                   view(PQdb(connection_))};
    Error told = error_of(error, whose_, missing_right(refused));
    if (told.code == ErrorCode::missing_right && is_right_of_table(refused)) {
      told.code = ErrorCode::missing_table_right;
    }
    return told;
  }

  Error lost() {
    lost_ = true;
    if (interrupted()) return cancelled_error();
    const std::string why = one_line(PQerrorMessage(connection_));
    return transient_error("the connection to " + location() + " was lost" +
                           (why.empty() ? "" : ": " + why));
  }

  static std::string one_line(const char* message) { return in_one_line(view(message)); }

  // The server's reason for ending the copy, if it gave one.
  Error copy_failure() {
    auto outcome = finish(nullptr);
    return outcome ? lost() : std::move(outcome).error();
  }

  Error abandon_copy() {
    PQputCopyEnd(connection_, "stopped on request");
    if (flush()) (void)finish(nullptr);
    return cancelled_error();
  }

  // A statement's worth of "already exists"; a server that talks on is not kept.
  static constexpr std::size_t notices_max = 1'000;

  const PqOptions options_;
  const int wake_;
  PGconn* connection_ = nullptr;
  std::atomic<bool> interrupted_{false};
  bool committing_ = false;
  bool cancel_sent_ = false;
  bool lost_ = false;
  StatementOf whose_ = StatementOf::dray;  // the statement in progress
  std::string last_sqlstate_;
  std::string last_table_;
  std::size_t last_position_ = 0;
  std::string statement_;  // the last
  std::string user_;       // whose rights count, if not those of who logged in
  std::vector<PqNotice> notices_;
};

PqConnection::PqConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PqConnection::~PqConnection() = default;

Result<std::unique_ptr<PqConnection>> PqConnection::open(PqOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  DRAY_TRY(impl->connect());
  return std::unique_ptr<PqConnection>(new PqConnection(std::move(impl)));
}

Result<void> PqConnection::execute(const Sql& sql) { return impl_->done(sql, nullptr); }

Result<std::uint64_t> PqConnection::changed_rows(const Sql& sql) {
  PqResult result;
  DRAY_TRY(impl_->done(sql, &result));
  return rows_of(result.get());
}

Result<QueryResult> PqConnection::query(const Sql& sql) {
  PqResult result;
  DRAY_TRY(impl_->done(sql, &result));
  QueryResult out;
  const int columns = PQnfields(result.get());
  for (int i = 0; i < columns; ++i)
    out.columns.push_back({PQfname(result.get(), i), type_name(PQftype(result.get(), i))});
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& values = out.rows.emplace_back(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      if (const auto value = value_at(result.get(), row, i)) {
        values[static_cast<std::size_t>(i)] = value_text(PQftype(result.get(), i), *value);
      }
    }
  }
  return out;
}

Result<void> PqConnection::each_row(const Sql& sql, const std::function<Result<void>(PqRow)>& row) {
  return impl_->each_row(sql, row);
}

Result<void> PqConnection::read(
    const Sql& sql, const std::function<Result<void>(const std::vector<PqColumn>&)>& columns,
    const std::function<Result<void>(PqRow)>& row) {
  return impl_->read(sql, columns, row);
}
const std::string& PqConnection::last_table() const { return impl_->last_table(); }
std::size_t PqConnection::last_position() const { return impl_->last_position(); }

Result<void> PqConnection::commit() { return impl_->commit(); }
Result<void> PqConnection::begin_copy(const Sql& sql) { return impl_->begin_copy(sql); }
Result<void> PqConnection::put_copy(std::string_view bytes) { return impl_->put_copy(bytes); }
Result<std::uint64_t> PqConnection::end_copy() { return impl_->end_copy(); }
std::vector<PqNotice> PqConnection::take_notices() { return impl_->take_notices(); }
const std::string& PqConnection::last_sqlstate() const { return impl_->last_sqlstate(); }
void PqConnection::act_as(std::string user) { impl_->act_as(std::move(user)); }
bool PqConnection::is_in_transaction() const { return impl_->is_in_transaction(); }
int PqConnection::server_version() const { return impl_->server_version(); }
void PqConnection::interrupt() { impl_->interrupt(); }
bool PqConnection::interrupted() const { return impl_->interrupted(); }

}  // namespace dray
