// Where the rows of tables wait as files until Redshift has copied them.
//
//   <url>/dray/<warehouse>/<source>/<run>/<number>/part-00001.csv.zst ...  (.gz by choice)
//                                                  manifest.json   what COPY reads
//                                                  table.json      what the parts hold
//   <url>/dray/<warehouse>/<source>/note, looked     Notes::write()
//
// All of it is Dray's, and nothing outside of it is touched. The files of a table go when its rows
// are committed; those of a run that did not end go when a later run of the source has committed,
// from which moment on the former cannot commit any more.
//
// Threads: safe from several at once, each with a PartWriter of its own.
// Errors: as aws/s3.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/s3.h"
#include "base/result.h"
#include "load/warehouse.h"
#include "model/run_id.h"
#include "model/staged.h"
#include "stage/parts.h"

namespace dray {

// The files of one table, and what is in them.
struct StagedTable {
  std::string folder;  // url, with a slash at its end
  std::string schema;
  std::string table;
  std::vector<LoadColumn> columns;  // of the parts, in their order; none is refused
  std::optional<std::int64_t> lineage_table;
  std::vector<std::int64_t> rival_tables;
  std::string profile_id_column;
  std::string profile_table;
  std::string null_text;
  PartCompression compression = PartCompression::zstd;
  std::uint64_t rows = 0;
  std::uint64_t parts = 0;

  std::string manifest() const { return folder + "manifest.json"; }
  std::string description() const { return folder + "table.json"; }
  std::string part(std::uint64_t number) const;  // from 1
};

std::string to_json(const StagedTable& staged);
Result<StagedTable> staged_table_of(std::string_view json);

struct StagingLocation {
  S3Url url;              // what the user gave
  std::string warehouse;  // tells warehouses that share it apart
};

class StagingArea {
 public:
  StagingArea(std::shared_ptr<S3Client> client, StagingLocation location);

  // Writes the rows that are not dropped, cut into parts of about `options.part_bytes`, into the
  // run's folder of this number. Whatever is in `load` beside rows is in the description.
  Result<StagedTable> write(const TableLoad& load, const RunRows& rows, const RunId& run_id,
                            std::size_t number, const PartOptions& options);
  // `description` is the url that a StagedTable told.
  Result<StagedTable> read(const std::string& description);

  // Rows of one of Dray's own tables, as CSV without compression, in several files of one folder;
  // then their manifest. Both return the url.
  struct PlainFile {
    std::string url;
    std::uint64_t size_bytes = 0;
  };
  std::string ledger_folder(const std::string& source, const RunId& run_id,
                            std::size_t number) const;
  Result<PlainFile> write_file(const std::string& folder, std::size_t number,
                               std::string_view bytes);
  Result<std::string> write_manifest(const std::string& folder,
                                     const std::vector<PlainFile>& files);

  // Where a row of a part came from: the place that is written behind its fields. `line` counts
  // line feeds, from 1; nothing if the part has no such line.
  struct RowOrigin {
    std::int64_t object_number = 0;
    std::uint64_t line = 0;
  };
  Result<std::optional<RowOrigin>> origin_of(const std::string& part, std::uint64_t line,
                                             const StagedTable& staged);

  // A text beside a source's runs; nothing if there is none.
  Result<std::optional<std::string>> read_note(NoteKind kind, const std::string& source);
  Result<void> write_note(NoteKind kind, const std::string& source, const std::string& note);

  // All that is in a folder.
  Result<void> remove(const std::string& folder);
  // The runs of a source that have files here.
  Result<std::vector<RunId>> runs(const std::string& source);
  // What a run has left here, but for the folders `kept`.
  Result<void> remove_run(const std::string& source, const RunId& run_id,
                          const std::vector<std::string>& kept);

 private:
  Result<void> write_parts(const TableLoad& load, const RunRows& rows, const PartOptions& options,
                           StagedTable& staged, std::vector<std::uint64_t>& sizes);
  Result<void> put(const std::string& url, std::string_view bytes);
  std::string source_folder(const std::string& source) const;

  std::shared_ptr<S3Client> client_;
  StagingLocation location_;
};

}  // namespace dray
