#include "model/catalog.h"

namespace dray {

std::string_view table_of(const SchemaChange& change) {
  struct Visitor {
    std::string_view operator()(const CreateSchema&) const { return {}; }
    std::string_view operator()(const CreateTable& of) const { return of.table; }
    std::string_view operator()(const AddColumn& of) const { return of.table; }
    std::string_view operator()(const WidenColumn& of) const { return of.table; }
    std::string_view operator()(const CommentOn& of) const { return of.table; }
  };
  return std::visit(Visitor(), change);
}

}  // namespace dray
