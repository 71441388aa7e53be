#include "app/report_json.h"

#include "base/time.h"

namespace dray {
namespace {

double seconds(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

void write_collection(JsonWriter& json, const CollectionReport& collection) {
  json.begin_object().field("table", collection.table);
  json.field("rows_loaded", collection.rows_loaded);
  json.field("duplicates", collection.duplicates);
  json.field("rows_replaced", collection.rows_replaced);
  json.field("values_rejected", collection.values_rejected);
  json.field("created", collection.created);
  json.key("new_columns").begin_array();
  for (const std::string& column : collection.new_columns) {
    json.value(column);
  }
  json.end_array().end_object();
}

void write_lists(JsonWriter& json, const RunReport& report) {
  json.key("collections").begin_array();
  for (const CollectionReport& collection : report.collections) {
    write_collection(json, collection);
  }
  json.end_array().key("notices").begin_array();
  for (const Notice& notice : report.notices) {
    json.begin_object().field("code", notice.code).field("message", notice.message);
    json.field("count", notice.count).end_object();
  }
  json.end_array().key("ddl").begin_array();
  for (const std::string& statement : report.ddl) {
    json.value(statement);
  }
  json.end_array();
}

}  // namespace

void write_error_fields(JsonWriter& json, const Error& error) {
  json.field("message", error.message).field("try", error.remedy);
  json.field("cause", to_string(error.cause)).field("code", to_string(error.code));
  json.field("actor", to_string(error.actor())).field("sqlstate", error.sqlstate);
}

void write_report(JsonWriter& json, const RunReport& report) {
  json.begin_object();
  json.field("run_id", report.run_id.text()).field("status", to_string(report.status));
  json.field("source", report.source).field("schema", report.source);
  json.field("location", report.location).field("warehouse", report.warehouse);
  // RFC 3339, which every language reads.
  std::string started = format_timestamp(to_micros(report.started));
  started[10] = 'T';
  json.field("started", started + "Z");
  json.field("duration_seconds", seconds(report.duration));
  json.field("preparing_seconds", seconds(report.preparing));
  json.field("loading_seconds", seconds(report.loading));
  json.field("lines", report.counts.lines).field("loaded", report.counts.loaded);
  json.field("duplicate", report.counts.duplicate).field("filtered", report.counts.filtered);
  json.field("rejected", report.counts.rejected).field("waiting", report.counts.waiting);
  json.field("values_rejected", report.values_rejected);
  json.field("bytes_read", report.bytes_read).field("bytes_plain", report.bytes_plain);
  json.key("objects").begin_object();
  json.field("listed", report.objects_listed).field("loaded", report.objects_loaded);
  json.field("set_aside", report.objects_set_aside).field("known", report.objects_known);
  json.field("skipped", report.objects_skipped);
  json.end_object();
  write_lists(json, report);
  json.field("error", report.error);
  if (report.failure) {
    json.key("failure").begin_object();
    write_error_fields(json, *report.failure);
    json.field("partly_loaded", report.failure->is_partly_loaded);
    json.end_object();
  }
  json.end_object();
}

std::string report_json(const RunReport& report) {
  JsonWriter json;
  write_report(json, report);
  return std::move(json).done();
}

}  // namespace dray
